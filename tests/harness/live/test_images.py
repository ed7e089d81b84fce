# SPDX-License-Identifier: GPL-2.0-only
"""Headers of images, as Documentation/arch/{x86/boot,arm64/booting}.rst and zboot-header.S of efi/libstub have them."""

import gzip
import lzma
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pte_review.harness.live import images
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.images import image_of, read_image
from tests.kit.binaries import arm64, bzimage


def zboot(kind: bytes, payload: bytes) -> bytes:
    """ "MZ", "zimg" at 4, where the payload begins and its size at 8, the kind of compression at 24."""
    header = bytearray(64)
    header[:2], header[4:8] = b"MZ", b"zimg"
    struct.pack_into("<II", header, 8, 64, len(payload))
    header[24 : 24 + len(kind)] = kind
    return bytes(header) + payload + bytes(16)


def test_x86():
    image = image_of(bzimage(), "vmlinuz")
    assert (image.release, image.arch, image.inner) == ("6.17.8-amd64", "x86_64", None)


def test_arm64():
    image = image_of(arm64(), "vmlinuz")
    assert (image.release, image.arch, image.inner) == ("6.17.8-arm64", "arm64", None)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(arm64()),
        zboot(b"gzip\0", gzip.compress(arm64())),
        zboot(b"xzkern\0", lzma.compress(arm64())),
        zboot(b"lzma\0", lzma.compress(arm64(), lzma.FORMAT_ALONE)),
    ],
    ids=["Image.gz", "zboot-gzip", "zboot-xz", "zboot-lzma"],
)
def test_a_compressed_image_is_booted_by_what_is_in_it(data: bytes):
    image = image_of(data, "vmlinuz")
    assert (image.release, image.arch, image.inner) == ("6.17.8-arm64", "arm64", arm64())


def test_compressed_by_zstd():
    if shutil.which("zstd") is None:
        pytest.skip("no program zstd")
    payload = subprocess.run(["zstd", "-cq"], input=arm64(), capture_output=True, check=True).stdout
    assert image_of(zboot(b"zstd\0", payload), "vmlinuz").inner == arm64()
    with pytest.raises(LiveError, match=r"^that: compressed data that is damaged"):
        image_of(zboot(b"zstd\0", payload[:-8]), "that")


def test_what_is_decompressed_has_a_bound(monkeypatch: pytest.MonkeyPatch):
    data = arm64() + bytes(10_000)
    for kind, payload in ((b"gzip", gzip.compress(data)), (b"xz", lzma.compress(data))):
        monkeypatch.setattr(images, "MOST_BYTES", len(data) - 1)
        with pytest.raises(LiveError, match="more than"):
            image_of(zboot(kind, payload), "that")
        monkeypatch.setattr(images, "MOST_BYTES", len(data))
        assert image_of(zboot(kind, payload), "that").inner == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no kernel image"),
        (b"\x7fELF" + bytes(1000), "no kernel image"),
        (bzimage(b"?"), "does not say its release"),
        (bzimage(b"", pointer=0), "does not say its release"),
        (bzimage()[:0x206], "does not say its release"),
        (arm64(b""), "does not say its release"),
        (gzip.compress(b"text"), "without an arm64 Image"),
        (gzip.compress(arm64())[:-20], "cut short"),
        (zboot(b"gzip\0", b"no gzip"), "damaged"),
        (zboot(b"lz4\0", b""), "compressed as 'lz4'"),
        (zboot(b"gzip\0", b"")[:10], "compressed as ''"),
    ],
    ids=[
        "empty",
        "elf",
        "bzimage-odd",
        "bzimage-no-pointer",
        "bzimage-short",
        "arm64-no-release",
        "gzip-text",
        "gzip-short",
        "zboot-damaged",
        "zboot-lz4",
        "zboot-short",
    ],
)
def test_what_is_no_image_is_said(data: bytes, message: str):
    with pytest.raises(LiveError, match=rf"^that: .*(?:{message})"):
        image_of(data, "that")


def test_no_file(tmp_path: Path):
    with pytest.raises(LiveError, match="no such kernel image"):
        read_image(tmp_path / "none")
    with pytest.raises(LiveError, match="no such kernel image"):
        read_image(tmp_path)
