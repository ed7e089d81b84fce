# SPDX-License-Identifier: GPL-2.0-only
"""Versions read next to each other: what two neighbours have in common stands in the same order in both."""

import ast
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from tests.kit.moves import load, names

# Each version with the one it was written from.
NEIGHBOURS = {
    "v4": "pre_patch",
    "refactor": "v4",
    "refactor_intended": "refactor",
    "refactor_clear_new": "refactor_intended",
    "refactor_keep_old": "refactor_intended",
    "before_uffd_wp_clear": "pre_patch",
    "before_flush_under_ptl": "before_uffd_wp_clear",
    "before_dirty_flush": "before_flush_under_ptl",
    "before_dirty_recheck": "before_flush_under_ptl",
    "v1_stride": "v4",
    "v2_stale_nr": "v4",
    "v4_batch_hint": "v4",
    "v4_fixed": "v4_batch_hint",
    "v4_respect_write": "v4",
    "v7_3": "v4_fixed",
}
# Statements that stand elsewhere in the neighbour, as the C has it.
MOVED: dict[str, set[str]] = {
    # The refactor pulls the two kinds of entries apart into helpers.
    "refactor": {
        "k.set_ptes(mm, new_addr, new_ptep, pte, nr_ptes)",
        "max_nr_ptes = old_end - old_addr >> PAGE_SHIFT",
        "pte = k.pte_clear_uffd_wp(pte)",
        "pte = k.pte_mksoft_dirty(pte)",
        "pte = k.pte_swp_mksoft_dirty(pte)",
    },
    # eb66ae030829 moves the flush before the new lock is dropped.
    "before_flush_under_ptl": {"if k.pte_present(pte):", "k.flush_tlb_range(vma, old_end - len_, old_end)"},
}
LEAST = 20  # characters of a statement that is looked for; shorter ones stand in several places


def statements(path: Path) -> list[str]:
    """The lines of code, without docstrings and comments, without indentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [line.strip() for line in ast.unparse(tree).splitlines() if line.strip() and not line.startswith('"""')]


def moved(own: list[str], other: list[str]) -> set[str]:
    """Statements that are taken out in one place and put in at another."""
    out: set[str] = set()
    into: set[str] = set()
    for what, a, b, c, d in SequenceMatcher(None, other, own, autojunk=False).get_opcodes():
        if what != "equal":
            out |= set(other[a:b])
            into |= set(own[c:d])
    return {text for text in out & into if len(text) >= LEAST}


def test_every_version_has_a_neighbour():
    assert set(NEIGHBOURS) == set(names()) - {"pre_patch"}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_the_same_order_as_its_neighbour(name: str):
    own, other = (statements(Path(load(each).filename)) for each in (name, NEIGHBOURS[name]))
    assert moved(own, other) == MOVED.get(name, set())


def test_a_statement_that_moved_is_found():
    own = statements(Path(load("v4").filename))
    at = next(i for i, line in enumerate(own) if "flush_tlb_batched_pending" in line)
    assert moved([*own[:at], own[at + 3], *own[at : at + 3], *own[at + 4 :]], own)
