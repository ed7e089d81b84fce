# SPDX-License-Identifier: GPL-2.0-only
"""An initrd: a cpio archive in the "newc" format that init/initramfs.c of the kernel reads.

Device nodes are entries like any other, so no root is needed to make one.
"""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

MAGIC = "070701"
TRAILER = "TRAILER!!!"
ALIGNMENT = 4  # bytes, of a header with its name, and of the data


@dataclass(frozen=True)
class CpioEntry:
    """A file, folder or character device of the archive. `name` has no slash in front; `device` is (major, minor)."""

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str) -> CpioEntry:
    """A folder that everybody may read."""
    return CpioEntry(name, stat.S_IFDIR | 0o755)


def file(name: str, data: bytes, *, executable: bool = False) -> CpioEntry:
    """A regular file."""
    return CpioEntry(name, stat.S_IFREG | (0o755 if executable else 0o644), data)


def character_device(name: str, major: int, minor: int) -> CpioEntry:
    """A character device that only root may use."""
    return CpioEntry(name, stat.S_IFCHR | 0o600, device=(major, minor))


def archive(entries: Iterable[CpioEntry]) -> bytes:
    """The archive of `entries`, each behind the folders that it lies in."""
    every = [*with_folders(entries), CpioEntry(TRAILER, 0)]
    return b"".join(packed(entry, number) for number, entry in enumerate(every, 1))


def with_folders(entries: Iterable[CpioEntry]) -> Iterator[CpioEntry]:
    """`entries`, and before the first in a folder that folder: the kernel creates none by itself."""
    made: set[str] = set()
    for entry in entries:
        for parent in reversed(PurePosixPath(entry.name).parents[:-1]):
            if str(parent) not in made:
                made.add(str(parent))
                yield folder(str(parent))
        if not stat.S_ISDIR(entry.mode) or entry.name not in made:
            yield entry
        if stat.S_ISDIR(entry.mode):
            made.add(entry.name)


def packed(entry: CpioEntry, number: int) -> bytes:
    """The bytes of one entry, which has the inode `number`."""
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    # c_ino c_mode c_uid c_gid c_nlink c_mtime c_filesize c_maj c_min c_rmaj c_rmin c_namesize c_chksum
    fields = (number, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = (MAGIC + "".join(f"{field:08X}" for field in fields)).encode()
    return padded(header + name) + padded(entry.data)


def padded(data: bytes) -> bytes:
    """`data` up to the next multiple of ALIGNMENT."""
    return data + bytes(-len(data) % ALIGNMENT)
