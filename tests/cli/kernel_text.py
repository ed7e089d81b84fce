# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree and patches in the folder of a test of the command line."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.trees import KERNELS, diff

FEW = ("--max-examples", "40")
PAIR = ("tree", "tree+patch")


def make_tree() -> Path:
    """The folder `batching`: a kernel tree."""
    return Path(shutil.copytree(KERNELS / "batching", "batching"))


def make_patch(name: str, changes: Mapping[str, str], path: str = "mm/mremap.c") -> str:
    """The file `name` with the patch that makes these changes."""
    Path(name).write_text(diff(changes, path), encoding="utf-8")
    return name


def snapshot(folder: Path) -> dict[str, bytes]:
    """Everything in `folder`."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}
