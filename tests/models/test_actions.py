# SPDX-License-Identifier: GPL-2.0-only
"""Actions of others as JSON: there and back, and every error with the field it is in."""

import json
import re
from dataclasses import replace

import pytest

from pte_review.models import scenario_check
from pte_review.models.actions import ACCESS, ACTORS, ANCHORS, PHASES, Action, When
from pte_review.models.codec import SchemaError
from pte_review.models.legal import broken_rules
from pte_review.models.move_ptes.call import MoveCall
from pte_review.models.outcome import outcome_from_json
from pte_review.models.scenario import Folio
from pte_review.models.scenario_check import check
from tests.kit.actions import action
from tests.kit.build import ARCHES, move, page, scenario, swap
from tests.kit.draws import drawn
from tests.kit.moves import scenario_from_json

S = scenario("x86_64", {}, at=(3, 5, 4), ptrs_per_pte=16, actions=(action("gup", "old 1", "new 2 3", 7),))


def test_as_json():
    """What holds its default is left out."""
    assert S.to_json()["actions"] == [
        {"actor": "gup", "range": "old", "slot": 1, "when": {"range": "new", "slot": 2, "nth": 3}, "cpu": 7}
    ]
    phase = replace(S, actions=(action("walk", "new -5", "unlocked"),))
    assert phase.to_json()["actions"] == [{"actor": "walk", "range": "new", "slot": -5, "when": {"phase": "unlocked"}}]
    assert "actions" not in replace(S, actions=()).to_json()


@pytest.mark.parametrize("arch", ARCHES)
def test_round_trip(arch):
    for s in drawn(arch):
        if s.actions:
            assert scenario_from_json(json.loads(json.dumps(s.to_json()))) == s
            assert eval(repr(s), {**vars(scenario_check), "MoveCall": MoveCall}) == s


@pytest.mark.parametrize("arch", ARCHES)
def test_outcomes_keep_translations_and_events(arch):
    s = scenario(arch, {0: page(arch, 0x200, "W")}, old_maps=False, actions=(action("walk", "old 0", "call", 2),))
    outcome = move("pre_patch", s)
    assert outcome.translations == ((2, s.places.slot_at("old", 0), 0x200, 1),)
    assert outcome_from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


BAD = {
    "actor": ({"actor": "kswapd"}, "actions[0].actor", ", ".join(ACTORS)),
    "cpu below": ({"cpu": -1}, "actions[0].cpu", "a CPU from 0 to 7"),
    "cpu above": ({"cpu": 8}, "actions[0].cpu", "a CPU from 0 to 7"),
    "phase": ({"when": When("later")}, "actions[0].when.phase", ", ".join((*ANCHORS, *PHASES))),
    "nth": ({"when": When(ACCESS, "old", 0, 0)}, "actions[0].when.nth", "from 1"),
    "nth of a phase": ({"when": When("call", nth=0)}, "actions[0].when.nth", "from 1"),
    "table": ({"range": "both"}, "actions[0].range", "old or new"),
    "table of an access": ({"when": When(ACCESS, "", 0)}, "actions[0].when.range", "old or new"),
    "slot before the old table": ({"slot": -4}, "actions[0].slot", "a slot from -3 to 12"),
    "slot behind the old table": ({"slot": 13}, "actions[0].slot", "a slot from -3 to 12"),
    "slot behind the new table": ({"range": "new", "slot": 11}, "actions[0].slot", "a slot from -5 to 10"),
    "slot of an access": ({"when": When(ACCESS, "new", -6)}, "actions[0].when.slot", "a slot from -5 to 10"),
    "reclaim of the new table": (
        {"actor": "reclaim", "range": "new", "when": When("call")}, "actions[0]",
        "an entry of range old before the locks",
    ),
    "reclaim too late": ({"actor": "reclaim", "when": When("locked")}, "actions[0]", "before the locks are taken"),
    "reclaim in an access": (
        {"actor": "reclaim", "when": When(ACCESS, "old")}, "actions[0]", "before the locks are taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "field", "expected"), BAD.values(), ids=BAD)
def test_errors_name_the_field_and_what_it_expects(change, field, expected):
    bad = replace(S, actions=(replace(Action("walk", "old", 0, When("call")), **change),))
    for raises in (lambda: check(bad, "x"), lambda: scenario_from_json(bad.to_json(), "x")):
        with pytest.raises(SchemaError, match=re.escape(expected)) as error:
            raises()
        assert str(error.value).startswith(f"x.{field}:")


@pytest.mark.parametrize(
    "change",
    [
        {"slot": -3}, {"slot": 12}, {"range": "new", "slot": 10}, {"range": "new", "slot": -5}, {"cpu": 0}, {"cpu": 7},
        {"when": When(ACCESS, "new", 10, 10**9)}, {"actor": "reclaim", "when": When("locking")},
    ],
)  # fmt: skip
def test_limits_that_are_allowed(change):
    check(replace(S, actions=(replace(Action("walk", "old", 0, When("call")), **change),)))


@pytest.mark.parametrize("arch", ARCHES)
def test_reclaim_has_unmapped_its_entry(arch):
    old = {0: page(arch, 0x200, "A"), 1: swap(arch, 1, 2), 2: page(arch, 0x201, "N")}
    for slot, rules in ((0, ("shape",)), (1, ()), (2, ()), (3, ())):
        s = scenario(
            arch, old, folios=(Folio(0x200), Folio(0x201)), actions=(action("reclaim", f"old {slot}", "call"),)
        )
        assert broken_rules(s) == rules
