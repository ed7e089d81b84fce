# SPDX-License-Identifier: GPL-2.0-only
"""The recorder on the machine that the tests run on, where it lets itself be recorded."""

import os
from functools import cache
from pathlib import Path

import pytest

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.record import Recording, record
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES

MOVES = 50


@cache
def _recorded(seed: int) -> Recording | str:
    try:
        return record(MOVE_PTES, None, records=MOVES, seed=seed)
    except LiveError as error:
        return str(error)


def recorded_here(seed: int = 1) -> Recording:
    """Moves of this machine's kernel; the test is skipped where there are none, with the reason."""
    made = _recorded(seed)
    if isinstance(made, str):
        pytest.skip(f"nothing can be recorded here: {made}")
    return made


def raw_here(seed: int = 1) -> Recording:
    """The same, with raw entries."""
    made = recorded_here(seed)
    if made.subset:
        pytest.skip(f"no raw entries here: {made.missing[0]}")
    return made


def saved(made: Recording, folder: Path) -> Path:
    path = folder / "made.jsonl"
    path.write_text(made.text, encoding="utf-8")
    return path


def is_root() -> bool:
    return os.geteuid() == 0
