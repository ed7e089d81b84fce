# SPDX-License-Identifier: GPL-2.0-only
"""Patches that do not come in files of the caller: standard input, a thread of the list, commits.

Each is brought once, under the name that the caller gave it, and then read like a file of that name.
"""

import sys
from pathlib import Path

from pte_review.models.inputs import MOST_PATCH, read_bytes, too_large
from pte_review.models.kernel_tree.errors import TreeError

STDIN = Path("-")
_brought: dict[Path, bytes] = {}


def bring(name: Path, data: bytes) -> Path:
    """Keep `data` under `name`, which is returned. Raises TreeError where there is more than a patch may have."""
    if len(data) > MOST_PATCH:
        raise TreeError(f"{label(name)}: {too_large(name, MOST_PATCH).strerror}; try the patch that matters")
    _brought[name] = data
    return name


def bring_stdin() -> Path:
    """Standard input to its end, as STDIN. A second call has what the first one read. Raises TreeError."""
    if STDIN in _brought:
        return STDIN
    if sys.stdin is None or sys.stdin.isatty():
        raise TreeError("stdin: expected a patch: pipe one, as in b4 am -o - MESSAGE-ID | pte-review ... --patch -")
    try:
        return bring(STDIN, sys.stdin.buffer.read(MOST_PATCH + 1))
    except OSError as error:
        raise TreeError(f"stdin: cannot be read: {error.strerror or error}") from None


def is_brought(name: Path) -> bool:
    """Whether `name` stands for something that was brought, and for no file."""
    return name in _brought


def patch_bytes(file: Path) -> bytes:
    """What `file` holds, or what was brought under that name. Raises OSError and ValueError as read_bytes() does."""
    return _brought[file] if file in _brought else read_bytes(file, MOST_PATCH)


def label(file: Path) -> str:
    """How messages call it."""
    return "stdin" if file == STDIN else str(file)


def forget() -> None:
    """Drop everything: the next call starts anew."""
    _brought.clear()
