# SPDX-License-Identifier: GPL-2.0-only
"""The steps of a walk lead from the tables before to the tables that the run left, whoever wrote to them."""

import pytest

from pte_review.harness import check
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.reports.html.cells import MOST_ROWS, cell, rows_of
from pte_review.harness.reports.html.walk import steps_of
from pte_review.harness.review import review
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.outcome import RETURNED
from tests.kit.build import page, pages, scenario
from tests.kit.changes import SMEAR
from tests.kit.moves import load
from tests.kit.trees import KERNELS, diff

PAIRS = [
    ("pre_patch", "v4", None),
    ("pre_patch", "before_dirty_recheck", None),  # others act
    ("pre_patch", "before_dirty_flush", None),
    ("v4", "refactor_keep_old", "destination-occupied"),
    ("pre_patch", "refactor", None),
]


def shown(verdict):
    for divergence in verdict.divergences:
        for one in (divergence, divergence.scaled):
            if one is not None:
                yield from ((one.scenario, outcome) for outcome in (one.comparison.base, one.comparison.candidate))


def assert_walks(verdict):
    count = 0
    for where, outcome in shown(verdict):
        steps = steps_of(where, outcome)
        memory = list(where.memory)
        for step in steps:
            for ptep, pte in step.changes.items():
                memory[ptep] = pte
        size = where.config.ptrs_per_pte
        after = [tuple(memory[where.places.ptep(t, 0) :][:size]) for t in range(len(where.tables))]
        assert tuple(after) == outcome.tables
        assert steps[-1].text.startswith("returned" if outcome.ended == RETURNED else "ended: ")
        count += 1
    assert count


@pytest.mark.parametrize(("base", "candidate", "hostile"), PAIRS)
def test_ports(base, candidate, hostile):
    assert_walks(check(base, candidate, hostile=hostile, max_examples=400))


def test_kernel_text(tmp_path):
    (tmp_path / "smear.patch").write_text(diff(SMEAR))
    text = KernelText(MOVE_PTES, KERNELS / "batching", patches=(tmp_path / "smear.patch",))
    pair = tuple(text.load_all("tree", "tree+patch"))
    (verdict,) = review(MOVE_PTES, [pair], max_examples=100)
    assert_walks(verdict)


def test_what_others_do_is_a_step_of_its_own():
    verdict = check("pre_patch", "before_dirty_recheck", max_examples=400)
    (where, outcome), *_ = [(w, o) for w, o in shown(verdict) if w.actions]
    steps = steps_of(where, outcome)
    assert any(step.others and step.text.startswith("cpu ") for step in steps)
    assert any(step.tlb for step in steps)


def test_a_flush_empties_the_tlb():
    verdict = check("pre_patch", "before_dirty_recheck", max_examples=400)
    (where, outcome), *_ = [(w, o) for w, o in shown(verdict) if w.actions and any(e[0] == "walk" for e in o.events)]
    steps = steps_of(where, outcome)
    assert max(len(step.tlb) for step in steps) > 0
    assert steps[-1].tlb == () or outcome.stale_at_end or outcome.translations


def test_cells():
    where = scenario("arm64", {0: page("arm64", 0x100, "WAD"), 1: page("arm64", 0x101, "NC")}, at=(0, 0, 2))
    first = cell(where, where.whole_tables[0][0])
    assert (first.head, first.bits, first.cont) == ("pfn=0x100", ("W", "D", "A", "-SH"), False)
    second = cell(where, where.whole_tables[0][1])
    assert (second.bits[:2], second.cont) == (("PROT_NONE", "CONT"), True)
    assert cell(where, 0).head == "none"


def test_long_ranges_are_cut():
    where = scenario("x86_64", pages("x86_64", 0, 0x100, ["A"] * 200), at=(0, 0, 200))
    outcome = load("v4").run(where)
    rows, left_out = rows_of(where, [outcome, outcome])
    assert (len(rows), left_out) == (MOST_ROWS, 400 - MOST_ROWS)
