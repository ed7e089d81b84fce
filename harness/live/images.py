# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel image contains: its architecture, its release, and the Image inside a compressed one.

x86_64: Documentation/arch/x86/boot.rst, the setup header. arm64: Documentation/arch/arm64/booting.rst, the 64-byte
header of an Image; drivers/firmware/efi/libstub/zboot-header.S, the header of a compressed one (vmlinuz.efi).
"""

import lzma
import re
import shutil
import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.live.errors import LiveError

X86_64, ARM64 = "x86_64", "arm64"
MOST_BYTES = 512 << 20
RELEASE = re.compile(rb"\d+\.\d+[\w.+~-]*")
BANNER = re.compile(rb"Linux version (\d+\.\d+[\w.+~-]*) ")  # linux_banner of init/version.c


@dataclass(frozen=True)
class Image:
    """What an image says of itself. `inner` is what is to be booted where QEMU cannot take the file as it is."""

    release: str
    arch: str
    inner: bytes | None = None


def image_of(data: bytes, name: str) -> Image:
    """What the image `data` is. `name` stands for it in errors. Raises LiveError."""
    if data[0x202:0x206] == b"HdrS":
        return Image(_x86_release(data, name), X86_64)
    if data[0x38:0x3C] == b"ARM\x64":
        return Image(_banner(data, name), ARM64)
    if data[:2] == b"MZ" and data[4:8] == b"zimg":
        inner = _unpacked(data, name)
    elif data[:2] == b"\x1f\x8b":
        inner = decompressed("gzip", data, name)
    else:
        raise LiveError(f"{name}: no kernel image: expected a bzImage of x86_64 or an Image or vmlinuz.efi of arm64")
    if inner[0x38:0x3C] != b"ARM\x64":
        raise LiveError(
            f"{name}: a compressed file without an arm64 Image in it: expected the Image of an arm64 kernel"
        )
    return Image(_banner(inner, name), ARM64, inner)


def read_image(path: Path) -> bytes:
    """The bytes of the image `path`. Raises LiveError."""
    try:
        if not path.is_file():
            raise LiveError(f"{path}: no such kernel image: expected the path of a file, or a release such as 6.12")
        if path.stat().st_size > MOST_BYTES:
            raise LiveError(f"{path}: larger than {MOST_BYTES >> 20} MB: expected a kernel image, not a vmlinux")
        return path.read_bytes()
    except OSError as error:
        raise LiveError(f"{path}: {error.strerror}") from None


def _x86_release(data: bytes, name: str) -> str:
    """The text that kernel_version at 0x20e points to, less 0x200."""
    pointer = int.from_bytes(data[0x20E:0x210], "little")
    if pointer and (match := RELEASE.match(data, pointer + 0x200)):
        return match[0].decode()
    raise LiveError(f"{name}: a bzImage that does not say its release (kernel_version of the setup header)")


def _banner(data: bytes, name: str) -> str:
    if match := BANNER.search(data):
        return match[1].decode()
    raise LiveError(f"{name}: an arm64 Image that does not say its release (no `Linux version` in it)")


def _unpacked(data: bytes, name: str) -> bytes:
    """The payload of a zboot image: where it begins, its size, and at 0x18 the name of how it was compressed."""
    start, size = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12))
    kind = data[0x18:0x20].split(b"\0")[0].decode("ascii", "replace")
    return decompressed(kind, data[start : start + size], name)


def decompressed(kind: str, data: bytes, name: str) -> bytes:
    """At most MOST_BYTES. `name` stands for where `data` is from in errors. Raises LiveError."""
    if kind in ("zstd22", "zstd"):
        return _zstd(data, name)
    try:
        if kind == "gzip":
            gzip = zlib.decompressobj(wbits=31)
            inner, whole = gzip.decompress(data, MOST_BYTES), gzip.eof
        elif kind in ("xzkern", "xz", "lzma"):
            xz = lzma.LZMADecompressor()
            inner, whole = xz.decompress(data, MOST_BYTES), xz.eof
        else:
            raise LiveError(f"{name}: compressed as {kind!r}: expected gzip, xz, lzma or zstd; try the Image itself")
    except (zlib.error, lzma.LZMAError) as error:
        raise LiveError(f"{name}: compressed data that is damaged: {error}") from None
    if not whole:
        raise LiveError(f"{name}: compressed data that is cut short, or more than {MOST_BYTES >> 20} MB")
    return inner


def _zstd(data: bytes, name: str) -> bytes:
    """By the program zstd: Python has it from 3.14 on."""
    program = shutil.which("zstd")
    if program is None:
        raise LiveError(f"{name}: compressed by zstd, and there is no program zstd: install it")
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        with subprocess.Popen(  # noqa: S603  # of this machine
            [program, "-dcq"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            inner = process.stdout.read(MOST_BYTES)
            more = process.stdout.read(1)
            if more:
                process.kill()
    if more or process.returncode:
        raise LiveError(f"{name}: compressed data that is damaged, or more than {MOST_BYTES >> 20} MB")
    return inner
