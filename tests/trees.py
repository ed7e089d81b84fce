# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees that tests read: a real one, where there is one, and the small ones of tests/data/kernels."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNPACKED = ROOT / ".pte-review" / "linux-source-6.12"  # `make tree`
HOW = "no kernel tree: set PTE_REVIEW_TREE to one of v6.12, or apt-get install linux-source-6.12 and run `make tree`"


def linux() -> Path:
    """The folder of a v6.12 tree; skips the test where there is none."""
    path = Path(os.environ.get("PTE_REVIEW_TREE", UNPACKED))
    if not (path / "mm" / "mremap.c").is_file():
        pytest.skip(HOW)
    return path
