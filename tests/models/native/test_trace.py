# SPDX-License-Identifier: GPL-2.0-only
"""Traces of kernel text: where two texts did the same they leave the same, whatever they left unsaid."""

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import LOOKED_INTO, ONE_IN, explore
from pte_review.harness.side_by_side import SideBySide, compare_on_each
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.scenario import Scenario
from tests.kit.build import ARCHES
from tests.kit.draws import drawn
from tests.kit.trees import edited, small, version

FOLIO_AD = CONTRACTS["folio-ad"]
STORE = "set_ptes(mm, to, dst, pte, nr);"
EDITS = {
    "nothing": {"int ret = 0;": "int ret = 1 - 1;"},
    "what is flushed": {"flush = true;": "flush = flush || pte_write(seen);"},
    "what is stored": {STORE: "set_ptes(mm, to, dst, pte_dirty(pte) ? pte_mkold(pte) : pte, nr);"},
    "a store without an event": {
        STORE: f"{STORE} if (nr == 1 && pte_present(pte) && pte_dirty(pte)) __builtin_memcpy(dst, &seen, sizeof(seen));"
    },
    "the return value": {"return ret;\n}\n\nstatic bool": "return ret + drop_uffd_wp;\n}\n\nstatic bool"},
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("what", EDITS)
def test_alike_is_equal(arch, what):
    base, candidate = version(small()), version(edited(small(), EDITS[what]))
    alike, differing = [], 0
    for compared in compare_on_each(MOVE_PTES, drawn(arch, count=200, start=1), [base, candidate], FOLIO_AD):
        equal = compared.outcome(base) == compared.outcome(candidate)
        differing += not equal
        if compared.alike(base, candidate):
            alike.append(equal)
    assert len(alike) > 50
    assert all(alike)
    assert bool(differing) == (what != "nothing")


def test_a_review_looks_into_some(monkeypatch):
    """Of the scenarios in which both go one way: the first ones, then one in ONE_IN."""
    judged = []
    monkeypatch.setattr(
        SideBySide, "pair", lambda self, *pair, was=SideBySide.pair: judged.append(1) or was(self, *pair)
    )
    pair = version(small()), version(edited(small(), EDITS["nothing"]))
    tally = explore(MOVE_PTES, "x86_64", [pair], FOLIO_AD, None, 600, 1)[0]
    assert tally.examples == 600
    assert tally.exercised["action"] < len(judged) < 450
    assert max(tally.clean.values()) > LOOKED_INTO + ONE_IN


def test_what_both_do_wrong_is_told():
    """Where it hangs on what few entries say, and no line of its own shows it."""
    wrong = {"pte = mark_moved(pte);": "pte = mark_moved((pte_val(pte) >> 12 & 63) == 37 ? pte_mkclean(pte) : pte);"}
    base = edited(small(), wrong)
    pair = version(base), version(edited(base, EDITS["nothing"]))
    tally = explore(MOVE_PTES, "x86_64", [pair], FOLIO_AD, None, 600, 1)[0]
    assert not tally.seen
    assert tally.shared["dirty-lost"] > 5


def test_what_others_do_has_no_trace():
    pair = version(small()), version(edited(small(), EDITS["nothing"]))
    acting: list[Scenario] = [s for s in drawn("arm64", count=60, start=1) if s.actions]
    assert acting
    compared = list(compare_on_each(MOVE_PTES, acting, pair, FOLIO_AD))
    assert not [each for each in compared if each.alike(*pair)]
