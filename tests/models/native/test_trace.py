# SPDX-License-Identifier: GPL-2.0-only
"""What kernel text did: where two texts did the same they leave the same, whatever they left unsaid."""

from dataclasses import replace

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import LOOKED_INTO, ONE_IN, explore
from pte_review.harness.side_by_side import SideBySide, compare_on_each
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.outcome import Outcome
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


def alone(text: TreeVersion, scenario: Scenario) -> Outcome:
    """What the text leaves where nothing is known of what another did on the scenario."""
    return text.run(replace(scenario))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("what", EDITS)
def test_alike_is_equal(arch, what):
    base, candidate = version(small()), version(edited(small(), EDITS[what]))
    alike, differing = [], 0
    for compared in compare_on_each(MOVE_PTES, drawn(arch, count=200, start=1), [base, candidate], FOLIO_AD):
        equal = alone(base, compared.scenario) == alone(candidate, compared.scenario)
        differing += not equal
        assert compared.outcome(base) == alone(base, compared.scenario)
        assert compared.outcome(candidate) == alone(candidate, compared.scenario)
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


def acting(arch: str) -> list[Scenario]:
    return [s for s in drawn(arch, count=200, start=1) if s.actions]


def test_where_others_act_nothing_is_alike_before_somebody_looks():
    pair = version(small()), version(edited(small(), EDITS["nothing"]))
    compared = list(compare_on_each(MOVE_PTES, acting("arm64"), pair, FOLIO_AD))
    assert len(compared) > 40
    assert not [each for each in compared if each.alike(*pair)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("what", EDITS)
def test_answers_that_are_known_are_those_that_the_machine_gives(arch, what):
    """The second text is told what the first one was; it leaves what it leaves alone, however far the two agree."""
    base, candidate = version(small()), version(edited(small(), EDITS[what]))
    taken_over = differing = 0
    for scenario in acting(arch):
        first, second = base.run(scenario), candidate.run(scenario)
        assert first == alone(base, scenario)
        assert second == alone(candidate, scenario)
        taken_over += second is first
        differing += second != first
    assert taken_over > 20
    assert bool(differing) == (what != "nothing")


def test_a_warning_is_told_by_the_text_that_warns():
    """The log has its line; what stands there is another condition in each text."""
    texts = [edited(small(), {"int ret = 0;": f"int ret = 0; WARN_ON_ONCE({condition});"}) for condition in ("1", "2")]
    for scenario in acting("x86_64")[:10]:
        first, second = (version(text).run(scenario) for text in texts)
        assert (first.warnings, second.warnings) == (("WARN_ON_ONCE: 1",), ("WARN_ON_ONCE: 2",))
