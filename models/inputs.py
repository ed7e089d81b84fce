# SPDX-License-Identifier: GPL-2.0-only
"""Files that a call is given, read within bounds: a pipe that nobody writes to, a device without end, a file too large.

What is wrong is an OSError, as everything else that can be wrong with a file: callers say it in their own words.
"""

import errno
import os
import stat
from pathlib import Path

MIB = 1 << 20
MOST_SOURCE = 4 * MIB  # bytes of a port, of a file of a kernel tree
MOST_PATCH = 64 * MIB
MOST_JSON = 256 * MIB
MOST_RECORDING = 1024 * MIB  # unpacked
MOST_LINE = 16 * MIB  # bytes of one line of a recording
# Where a shell puts what a command prints: --patch <(git diff).
OF_SHELLS = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")


def check_file(path: Path | str, most: int) -> None:
    """Raise OSError unless `path` is a file of at most `most` bytes, or a pipe that a shell has opened."""
    status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode) and not str(path).startswith(OF_SHELLS):
        raise OSError(errno.EINVAL, f"{_kind(status.st_mode)}, expected a file", str(path))
    if status.st_size > most:
        raise too_large(path, most)


def read_bytes(path: Path | str, most: int) -> bytes:
    """The contents of the file at `path`. Raises OSError as check_file() does, also for a pipe that holds more."""
    check_file(path, most)
    with Path(path).open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise too_large(path, most)
    return data


def too_large(path: Path | str, most: int) -> OSError:
    """The error that says so."""
    return OSError(errno.EFBIG, f"larger than {most // MIB} MiB, expected a smaller file", str(path))


def _kind(mode: int) -> str:
    kinds = {stat.S_ISFIFO: "a FIFO", stat.S_ISCHR: "a device", stat.S_ISBLK: "a device", stat.S_ISSOCK: "a socket"}
    return next((name for of, name in kinds.items() if of(mode)), "no file")
