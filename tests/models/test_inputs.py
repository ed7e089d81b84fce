# SPDX-License-Identifier: GPL-2.0-only
"""Files are read within bounds: no pipe that nobody writes to, no device without end, nothing too large."""

import errno
import os
import socket

import pytest

from pte_review.models.inputs import check_file, read_bytes


def test_a_file_of_just_the_size(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_bytes(file, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 0 MiB") as error:
        read_bytes(file, 4)
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(file))


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        for path, kind in ((tmp_path / "fifo", "a FIFO"), ("/dev/zero", "a device"), (tmp_path / "socket", "a socket")):
            with pytest.raises(OSError, match=f"{kind}, expected a file"):
                check_file(path, 5)
    with pytest.raises(IsADirectoryError):
        check_file(tmp_path, 5)
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "none", 5)


def test_what_a_shell_has_opened():
    ours, theirs = os.pipe()
    os.write(theirs, b"12345")
    os.close(theirs)
    assert read_bytes(f"/dev/fd/{ours}", 5) == b"12345"
    os.close(ours)


def test_a_pipe_that_never_ends(tmp_path):
    ours, theirs = os.pipe()
    os.write(theirs, b"123456789")
    with pytest.raises(OSError, match="larger than"):
        read_bytes(f"/dev/fd/{ours}", 5)
    os.close(ours)
    os.close(theirs)
