# SPDX-License-Identifier: GPL-2.0-only
"""Generated events: every actor at every time on every kind of entry, always legal; shrunk to the one that matters."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import Phase, find, settings

from pte_review.models.legal import RULES, broken_rules
from pte_review.models.scenario import Scenario
from pte_review.models.scenario_check import check
from pte_review.strategies.move_ptes import scenarios
from tests.kit.build import ARCHES
from tests.kit.drawn_actions import FEATURES, MOVES_MEET, ON_ARM64, features
from tests.kit.draws import drawn
from tests.kit.moves import as_move

LEAST = 0.003  # of all scenarios
COUNT = 4000


@cache
def census(arch: str) -> Counter[str]:
    return Counter(name for s in drawn(arch, None, COUNT) for name in features(s))


@pytest.mark.parametrize(
    ("arch", "feature"), [(a, name) for a in ARCHES for name in (*FEATURES, *(ON_ARM64 if a == "arm64" else ()))]
)
def test_feature_occurs(arch, feature):
    least = LEAST / 3 if feature in ("no table",) else LEAST
    assert census(arch)[feature] >= least * COUNT


@pytest.mark.parametrize("arch", ARCHES)
def test_most_scenarios_have_no_events_and_many_have(arch):
    share = sum(bool(s.actions) for s in drawn(arch, None, COUNT)) / COUNT
    assert 0.15 < share < 0.5


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("actor", MOVES_MEET)
def test_every_actor_meets_every_time_it_can(arch, actor):
    times = {e.when.phase for s in drawn(arch, None, COUNT) for e in s.actions if e.actor == actor}
    if actor == "reclaim":
        assert times == {"call", "locking"}
    else:
        assert times == {"call", "locking", "locked", "unlocking", "unlocked", "returned", "access", "change"}


@pytest.mark.parametrize("arch", ARCHES)
def test_scenarios_with_events_are_legal_and_can_be_built(arch):
    for s in drawn(arch, None, COUNT):
        if s.actions:
            check(s)
            assert broken_rules(s) == ()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("malformed-cont", "dirty-read-only")])
def test_events_break_no_rule_beside_the_hostile_one(rule):
    with_events = [s for s in drawn("arm64", rule, 200) if s.actions]
    assert with_events
    for s in with_events:
        check(s)
        assert set(broken_rules(s)) <= {rule, *broken_rules_without_events(s)}


def broken_rules_without_events(s: Scenario) -> set[str]:
    from dataclasses import replace

    return set(broken_rules(replace(s, actions=())))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("actor", MOVES_MEET)
def test_a_condition_on_one_event_shrinks_to_that_event_alone(arch, actor):
    s = find(
        scenarios(arch),
        lambda s: any(event.actor == actor for event in s.actions),
        settings=settings(
            max_examples=5000, database=None, deadline=None, derandomize=True, phases=[Phase.generate, Phase.shrink]
        ),
    )
    assert [event.actor for event in s.actions] == [actor]
    assert len(as_move(s).old_table) <= 2
