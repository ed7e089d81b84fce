# SPDX-License-Identifier: GPL-2.0-only
"""Scheduled events as JSON: there and back, and every error with the field it is in."""

import json
import re
from dataclasses import replace

import pytest

from pte_review.models.codec import SchemaError
from pte_review.models.legal import broken_rules
from pte_review.models.outcome import outcome_from_json
from pte_review.models.scenario import Folio, check, scenario_from_json
from pte_review.models.scheduled import ACCESS, ACTORS, ANCHORS, PHASES, ScheduledEvent, When
from tests.models.build import ARCHES, move, page, scenario, swap
from tests.models.scheduled import event
from tests.strategies.draws import drawn

S = scenario("x86_64", {}, at=(3, 5, 4), ptrs_per_pte=16, scheduled=(event("gup", "old 1", "new 2 3", 7),))


def test_as_json():
    """What holds its default is left out."""
    assert S.to_json()["scheduled"] == [
        {"actor": "gup", "table": "old", "slot": 1, "when": {"table": "new", "slot": 2, "nth": 3}, "cpu": 7}
    ]
    phase = replace(S, scheduled=(event("walk", "new -5", "unlocked"),))
    assert phase.to_json()["scheduled"] == [
        {"actor": "walk", "table": "new", "slot": -5, "when": {"phase": "unlocked"}}
    ]
    assert "scheduled" not in replace(S, scheduled=()).to_json()


@pytest.mark.parametrize("arch", ARCHES)
def test_round_trip(arch):
    for s in drawn(arch):
        if s.scheduled:
            assert scenario_from_json(json.loads(json.dumps(s.to_json()))) == s
            assert eval(repr(s), {"scenario_from_json": scenario_from_json}) == s


@pytest.mark.parametrize("arch", ARCHES)
def test_outcomes_keep_translations_and_events(arch):
    s = scenario(arch, {0: page(arch, 0x200, "W")}, old_maps=False, scheduled=(event("walk", "old 0", "call", 2),))
    outcome = move("pre_patch", s)
    assert outcome.translations == ((2, s.old_addr, 0x200, 1),)
    assert outcome_from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


BAD = {
    "actor": ({"actor": "kswapd"}, "scheduled[0].actor", ", ".join(ACTORS)),
    "cpu below": ({"cpu": -1}, "scheduled[0].cpu", "a CPU from 0 to 7"),
    "cpu above": ({"cpu": 8}, "scheduled[0].cpu", "a CPU from 0 to 7"),
    "phase": ({"when": When("later")}, "scheduled[0].when.phase", ", ".join((*ANCHORS, *PHASES))),
    "nth": ({"when": When(ACCESS, "old", 0, 0)}, "scheduled[0].when.nth", "from 1"),
    "nth of a phase": ({"when": When("call", nth=0)}, "scheduled[0].when.nth", "from 1"),
    "table": ({"table": "both"}, "scheduled[0].table", "old or new"),
    "table of an access": ({"when": When(ACCESS, "", 0)}, "scheduled[0].when.table", "old or new"),
    "slot before the old table": ({"slot": -4}, "scheduled[0].slot", "a slot from -3 to 12"),
    "slot behind the old table": ({"slot": 13}, "scheduled[0].slot", "a slot from -3 to 12"),
    "slot behind the new table": ({"table": "new", "slot": 11}, "scheduled[0].slot", "a slot from -5 to 10"),
    "slot of an access": ({"when": When(ACCESS, "new", -6)}, "scheduled[0].when.slot", "a slot from -5 to 10"),
    "reclaim of the new table": (
        {"actor": "reclaim", "table": "new", "when": When("call")}, "scheduled[0]", "an old entry before the locks",
    ),
    "reclaim too late": ({"actor": "reclaim", "when": When("locked")}, "scheduled[0]", "before the locks are taken"),
    "reclaim in an access": (
        {"actor": "reclaim", "when": When(ACCESS, "old")}, "scheduled[0]", "before the locks are taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "field", "expected"), BAD.values(), ids=BAD)
def test_errors_name_the_field_and_what_it_expects(change, field, expected):
    bad = replace(S, scheduled=(replace(ScheduledEvent("walk", "old", 0, When("call")), **change),))
    for raises in (lambda: check(bad, "x"), lambda: scenario_from_json(bad.to_json(), "x")):
        with pytest.raises(SchemaError, match=re.escape(expected)) as error:
            raises()
        assert str(error.value).startswith(f"x.{field}:")


@pytest.mark.parametrize(
    "change",
    [
        {"slot": -3}, {"slot": 12}, {"table": "new", "slot": 10}, {"table": "new", "slot": -5}, {"cpu": 0}, {"cpu": 7},
        {"when": When(ACCESS, "new", 10, 10**9)}, {"actor": "reclaim", "when": When("locking")},
    ],
)  # fmt: skip
def test_limits_that_are_allowed(change):
    check(replace(S, scheduled=(replace(ScheduledEvent("walk", "old", 0, When("call")), **change),)))


@pytest.mark.parametrize("arch", ARCHES)
def test_reclaim_has_unmapped_its_entry(arch):
    old = {0: page(arch, 0x200, "A"), 1: swap(arch, 1, 2), 2: page(arch, 0x201, "N")}
    for slot, rules in ((0, ("shape",)), (1, ()), (2, ()), (3, ())):
        s = scenario(
            arch, old, folios=(Folio(0x200), Folio(0x201)), scheduled=(event("reclaim", f"old {slot}", "call"),)
        )
        assert broken_rules(s) == rules
