# SPDX-License-Identifier: GPL-2.0-only
"""A file that is written is there whole or not at all, and nothing else is touched."""

import errno
import os
import stat
from pathlib import Path

import pytest

from pte_review.harness.files.writing import why_not, write_whole


def test_a_new_file_and_one_that_is_there(tmp_path):
    file = tmp_path / "file"
    write_whole(file, "one")
    assert file.read_text() == "one"
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    file.chmod(0o600)
    write_whole(file, "two")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("two", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_through_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", "one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "one"


def test_a_device_stays_one():
    write_whole(Path("/dev/null"), "one")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_what_fails_leaves_the_old_one(tmp_path):
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "\udc80")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_why_a_folder_is_none(tmp_path):
    assert why_not(tmp_path) == ""
    assert why_not(tmp_path / "none") == "No such file or directory"


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        write_whole(tmp_path / "file", "one")
    assert error.value.filename == str(tmp_path / "file")
