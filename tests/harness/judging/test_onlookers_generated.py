# SPDX-License-Identifier: GPL-2.0-only
"""Generated scenarios with actions of others: right versions have no finding, and what is stale was to be feared."""

from functools import cache

import pytest

from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.scenario import Scenario
from tests.kit.build import ARCHES
from tests.kit.draws import drawn
from tests.kit.moves import load, run
from tests.kit.ports import port

WITHOUT_A_PROPER_FLUSH = [
    "no flush", "flush too short", "flush of the new range", "local flush", "flush after both locks",
    "flush between the locks", "flush before the loop", "no pending flush",
]  # fmt: skip


@cache
def acted_on(arch: str) -> tuple[Scenario, ...]:
    return tuple(s for s in drawn(arch) if s.actions)[:300]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", ["pre_patch", "v4_fixed"])
def test_no_false_alarm(arch, name):
    version = load(name)
    assert len(acted_on(arch)) == 300
    for s in acted_on(arch):
        assert findings_of(MovePromise(s), run(s, version)) == [], s


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", [*WITHOUT_A_PROPER_FLUSH, "pre_patch", "v4_fixed"])
def test_what_a_tlb_holds_is_among_what_it_may_hold(arch, name):
    """Every translation that actors find stale at an unlock is in the worst case over all CPUs (outcome.stale)."""
    version = load(name) if name in ("pre_patch", "v4_fixed") else port(name)
    seen = 0
    for s in acted_on(arch):
        outcome = run(s, version)
        for _, _, ptep, _ in [event for event in outcome.events if event[0] == "stale"]:
            assert int(ptep) in outcome.stale, s
            seen += outcome.returned == 0  # -EAGAIN: reclaim's translation stays reclaim's
    assert bool(seen) is (name in WITHOUT_A_PROPER_FLUSH)
