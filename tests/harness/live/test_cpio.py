# SPDX-License-Identifier: GPL-2.0-only
"""The bytes of an archive, as Documentation/driver-api/early-userspace/buffer-format.rst lays them out."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pte_review.harness.live.cpio import archive, character_device, file, folder, packed

# Thirteen fields of eight hexadecimal digits behind the magic:
# ino mode uid gid nlink mtime filesize maj min rmaj rmin namesize chksum
FILE = (
    b"070701" b"00000007" b"000081ED" b"00000000" b"00000000" b"00000001" b"00000000" b"00000003"
    b"00000000" b"00000000" b"00000000" b"00000000" b"00000005" b"00000000" b"init\0" b"\0" b"abc" b"\0"
)  # fmt: skip


def test_a_file():
    """110 bytes of header and 5 of a name are padded to 116, 3 of data to 4."""
    assert packed(file("init", b"abc", executable=True), 7) == FILE


def test_a_device():
    data = packed(character_device("dev/console", 5, 1), 1)
    assert data[14:22] == b"00002180"  # S_IFCHR | 0600
    assert data[78:94] == b"0000000500000001"


def test_the_trailer():
    data = archive([])
    assert data[110:121] == b"TRAILER!!!\0"
    assert len(data) % 4 == 0


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """An archive, unpacked by GNU cpio."""
    if shutil.which("cpio") is None:
        pytest.skip("no program cpio")
    data = archive([folder("tmp"), file("a/b/c", b"12345"), file("a/d", b"", executable=True), file("a/b/e", b"6")])
    subprocess.run(["cpio", "-i", "--quiet"], input=data, cwd=tmp_path, check=True)
    return tmp_path


def test_another_program_reads_it(unpacked: Path):
    assert (unpacked / "a/b/c").read_bytes() == b"12345"
    assert (unpacked / "a/b/e").read_bytes() == b"6"
    assert (unpacked / "a/d").stat().st_mode & 0o777 == 0o755
    assert (unpacked / "tmp").is_dir()


def test_a_folder_is_made_once():
    names = archive([file("a/b", b""), folder("a"), file("a/c", b"")])
    assert names.count(b"a\0") == 1
