# SPDX-License-Identifier: GPL-2.0-only
"""run() on a version that reads a variable before it is assigned: which, where, and what a stack would hold."""

import pytest

from pte_review.models.outcome import RETURNED, UNASSIGNED_READ
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import move, page, scenario, swap

FOLIO = (Folio(0x200, 4),)
PATTERN = 0xAAAA_AAAA_AAAA_AAAA  # -ftrivial-auto-var-init=pattern on 64 bits


# An unassigned read: the posted refactor looks at `pte`, not at `old_pte`, where the old entry is not present (1.3).


@pytest.mark.parametrize("uffd", [False, True])
@pytest.mark.parametrize(
    ("arch", "pattern_pte"),
    [("x86_64", PATTERN), ("arm64", PATTERN)],  # a swap entry; PRESENT_INVALID: neither has a bit changed
)
def test_unassigned_read(arch, pattern_pte, uffd):
    entry = swap(arch, 3, 8)
    outcome = move("refactor", scenario(arch, {0: entry}, vma=Vma(uffd=uffd), mem_soft_dirty=arch == "x86_64"))
    assert (outcome.ended, outcome.variable, outcome.returned) == (UNASSIGNED_READ, "pte", None)
    assert "models/move_ptes/refactor.py:" in outcome.why
    assert [(i.stack, i.value, i.pte) for i in outcome.installed] == [("zero", 0, 0), ("pattern", PATTERN, pattern_pte)]
    assert [i.ptep for i in outcome.installed] == [1536, 1536]


def test_unassigned_read_after_a_present_entry_is_stale_not_unassigned():
    entries = {0: page("x86_64", 0x200, "W"), 1: swap("x86_64", 3, 8)}
    outcome = move("refactor", scenario("x86_64", entries, at=(0, 0, 2), folios=FOLIO))
    assert (outcome.ended, outcome.variable, outcome.installed) == (RETURNED, "", ())
    assert outcome.tables[1][1] == page("x86_64", 0x200, "W")  # the page again, the swap slot is lost


def test_unassigned_read_that_installs_nothing(candidate):
    outcome, path = candidate("if extent < 0:\n    x = 1\nk.ptep_get(old_pmd.ptep)\nreturn x\n")
    assert (outcome.ended, outcome.variable) == (UNASSIGNED_READ, "x")
    assert outcome.why.endswith(f"{path}:5")
    assert [(i.stack, i.value, i.ptep, i.pte) for i in outcome.installed] == [
        ("zero", 0, 0, 0),
        ("pattern", PATTERN, 0, 0),
    ]


def test_unassigned_read_in_an_inner_function(candidate):
    body = "def step():\n    k.set_pte_at(1, 0, new_pmd.ptep, pte)\nstep()\nif extent < 0:\n    pte = 1\nreturn 0\n"
    outcome, _ = candidate(body)
    assert (outcome.ended, outcome.variable) == (UNASSIGNED_READ, "pte")
    assert [i.pte for i in outcome.installed] == [0, PATTERN]


def test_what_is_installed_comes_after_the_read(candidate):
    body = "k.set_pte_at(1, 0, new_pmd.ptep, 7)\nif extent < 0:\n    x = 1\n"
    body += "k.set_pte_at(1, 0, new_pmd.ptep + 1, x)\nreturn 0\n"
    outcome, _ = candidate(body)
    assert [(i.ptep, i.pte) for i in outcome.installed] == [(1537, 0), (1537, PATTERN)]
