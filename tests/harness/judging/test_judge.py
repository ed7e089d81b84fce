# SPDX-License-Identifier: GPL-2.0-only
"""Two outcomes on one scenario: what only one does diverges, what both do alike at the same place is shared."""

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.judge import AGREEMENT
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, NEW
from tests.kit.moves import compared, load
from tests.kit.outcomes import CLEARS, FOLIO, at, diverging, judged, left, marker, moving, page, scenario

pytestmark = pytest.mark.parametrize("arch", ARCHES)
EARLY = ("table-overrun", "unassigned-read", "no-progress", "crash")
PAIR = ["W", ""]


def smeared(arch: str, s, index: int = 1):
    return left(s, {index: page(arch, FOLIO + index, "W")})


def test_agreement(arch):
    s = moving(arch, PAIR)
    assert judged(s, left(s), left(s)) is AGREEMENT


def test_only_the_candidate_does_it(arch):
    s = moving(arch, PAIR)
    assert diverging(s, left(s), smeared(arch, s)) == [("candidate", ("write-gained", "new", 1))]
    assert judged(s, left(s), smeared(arch, s)).shared == ()


def test_only_base_does_it(arch):
    s = moving(arch, PAIR)
    assert diverging(s, smeared(arch, s), left(s)) == [("base", ("write-gained", "new", 1))]


def test_both_do_it_at_the_same_place(arch):
    s = moving(arch, PAIR)
    judgement = judged(s, smeared(arch, s), smeared(arch, s))
    assert judgement.differences == ()
    assert [(f.kind, f.range, f.entry) for f in judgement.shared] == [("write-gained", "new", 1)]


def test_both_do_it_at_different_places(arch):
    s = moving(arch, ["W", "", ""])
    pairs = diverging(s, smeared(arch, s, 1), smeared(arch, s, 2))
    assert pairs == [("candidate", ("write-gained", "new", 2)), ("base", ("write-gained", "new", 1))]


def test_both_break_a_rule_of_the_run_alike(arch):
    s = moving(arch, PAIR)
    both = left(s, held=(1,), stale=(NEW,), violations=("x",))
    assert judged(s, both, both).differences == ()
    assert [f.kind for f in judged(s, both, both).shared] == ["lock-leak", "primitive-contract", "stale-tlb"]
    other = left(s, held=(1,), stale=(NEW,), violations=("y",))
    assert diverging(s, both, other) == [
        ("candidate", ("primitive-contract", "", -1)),
        ("base", ("primitive-contract", "", -1)),
    ]


@pytest.mark.parametrize("ended", EARLY)
def test_an_early_end_beside_a_breach_of_the_other(arch, ended):
    """Nothing of the run that returned is compared with a run that did not."""
    s = moving(arch, PAIR)
    early = left(s, {0: 0, 1: 0}, ended=ended, returned=None, warnings=("w",), why="somewhere")
    assert diverging(s, smeared(arch, s), early) == [("candidate", (ended, "", -1))]
    assert diverging(s, early, smeared(arch, s)) == [("base", (ended, "", -1))]
    assert judged(s, left(s), early).allowed == ()


@pytest.mark.parametrize("ended", EARLY)
def test_both_end_early_alike(arch, ended):
    s = moving(arch, PAIR)
    one, two = (left(s, {0: pte}, ended=ended, returned=None, why=str(pte), variable="pte") for pte in (0, 5))
    assert judged(s, one, two).differences == ()
    assert judged(s, one, two).shared == (Finding(ended, what="pte"),)


def test_both_end_early_in_different_ways(arch):
    s = moving(arch, PAIR)
    one, two = (left(s, ended=ended, returned=None) for ended in ("crash", "no-progress"))
    assert diverging(s, one, two) == [("candidate", ("no-progress", "", -1)), ("base", ("crash", "", -1))]


# -- an occupied destination


def occupied(arch: str, before: int | None):
    """A page in the new slot; old entry 0 is `before`."""
    old = {1: page(arch, FOLIO)} if before is None else {0: before, 1: page(arch, FOLIO)}
    folios = (Folio(FOLIO), Folio(0x200))
    return scenario(arch, old, {0: page(arch, 0x200)}, at=(0, 0, 2), vma=CLEARS, folios=folios)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_kept_where_base_replaces(arch, contract):
    s = occupied(arch, marker(arch, 1))
    kept = left(s, {0: page(arch, 0x200)}, stale=())
    cleared = left(s, {0: 0}, stale=())
    assert diverging(s, cleared, kept, contract) == [("candidate", ("destination-kept", "new", 0))]
    assert diverging(s, kept, cleared, contract) == [("candidate", ("destination-overwritten", "new", 0))]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_overwritten_where_base_keeps(arch, contract):
    s = occupied(arch, None)
    kept, cleared = left(s, stale=()), left(s, {0: 0}, stale=())
    assert diverging(s, kept, kept, contract) == []
    assert diverging(s, kept, cleared, contract) == [("candidate", ("destination-overwritten", "new", 0))]
    assert diverging(s, cleared, kept, contract) == [("candidate", ("destination-kept", "new", 0))]


def test_kept_where_a_page_should_have_been_installed(arch):
    s = occupied(arch, page(arch, 0x300))
    kept = left(s, {0: page(arch, 0x200)}, stale=())
    assert ("candidate", ("destination-kept", "new", 0)) in diverging(s, left(s, stale=()), kept)


# -- whole runs


@pytest.mark.parametrize("contract", CONTRACTS)
def test_both_run_on_machines_of_their_own(arch, contract):
    s = moving(arch, PAIR)
    comparison = compared(s, load("pre_patch"), load("v4"), CONTRACTS[contract])
    assert [at(d.finding) for d in comparison.judgement.differences] == [("write-gained", "new", 1)]
    assert comparison.base.tables[1][:2] == (page(arch, FOLIO, "W"), page(arch, FOLIO + 1))
    assert comparison.candidate.tables[1][:2] == (page(arch, FOLIO, "W"), page(arch, FOLIO + 1, "W"))
    again = compared(s, load("pre_patch"), load("v4"), CONTRACTS[contract])
    assert (comparison.base, comparison.candidate) == (again.base, again.candidate)
    assert comparison.judgement == again.judgement


def test_the_same_kind_with_another_page_is_not_the_same_thing(arch):
    s = moving(arch, PAIR)
    one, other = (left(s, {1: page(arch, 0x9000 + i, "")}) for i in (0, 1))
    assert diverging(s, one, other) == [("candidate", ("wrong-page", "new", 1))]
