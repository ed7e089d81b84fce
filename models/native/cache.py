# SPDX-License-Identifier: GPL-2.0-only
"""Compiled objects, kept in the user's cache folder by what they were compiled from, each with a checksum behind it."""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pte_review.models.kernel_tree.extras import needed

KEPT_DAYS = 60
PARTIAL = ".partial"  # of what is being made
PROGRAM = ".program"  # of what runs by itself, and not in a process of ours
CHECKSUM_BYTES = 32


def cache_folder() -> Path:
    """Where compiled objects are kept; PTE_REVIEW_CACHE names another. A temporary one if that cannot be written."""
    return usable_folder(os.environ.get("PTE_REVIEW_CACHE", ""))


def usable_folder(own: str) -> Path:
    """The folder `own`, or the user's cache folder of pte-review; a temporary one, which is said, if it is none."""
    return _usable(own, os.getpid())


@lru_cache(maxsize=8)
def _usable(own: str, _process: int) -> Path:
    folder, why = Path(own), ""
    try:
        if not own:
            (platformdirs,) = needed("platformdirs")
            folder = Path(platformdirs.user_cache_path("pte-review"))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.absolute()
    except OSError as error:
        why = error.strerror or str(error)
    except (RuntimeError, KeyError):  # no HOME and no entry in passwd
        why = "there is no home folder"
    kept = tempfile.TemporaryDirectory(prefix="pte-review-")
    _temporary.append(kept)
    print(  # noqa: T201  # said once, wherever it is noticed
        f"pte-review: {folder}: cannot be written ({why}); {kept.name} is used instead, until the end",
        file=sys.stderr,
    )
    return Path(kept.name)


_temporary: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


def is_whole(path: Path) -> bool:
    """Whether keep() put there what is there."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return hashlib.sha256(data[:-CHECKSUM_BYTES]).digest() == data[-CHECKSUM_BYTES:]


def keep(partial: Path, target: Path) -> None:
    """Put an object at `target` in one step, its checksum behind it, where loaders do not look. Raises OSError.

    One that another process has put there meanwhile stays: a child may be about to load it.
    """
    data = partial.read_bytes()
    with partial.open("ab") as file:
        file.write(hashlib.sha256(data).digest())
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        if not is_whole(target):
            partial.replace(target)


def forget_old(folder: Path) -> None:
    """Remove what nobody has compiled or loaded for KEPT_DAYS; leftovers of runs that were killed among it."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        with suppress(OSError):
            used = path.stat()
            if path.suffix not in (".so", PROGRAM, PARTIAL) or max(used.st_atime, used.st_mtime) >= oldest:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
