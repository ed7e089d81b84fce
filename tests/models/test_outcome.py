# SPDX-License-Identifier: GPL-2.0-only
"""Outcomes as JSON."""

import dataclasses
import json

import pytest

from pte_review.models.codec import SchemaError
from pte_review.models.outcome import Outcome, outcome_from_json
from tests.kit.build import move, scenario, swap

UNASSIGNED = move("refactor", scenario("x86_64", {0: swap("x86_64", 3, 8)}, ptrs_per_pte=16))


def test_unassigned_read_as_json():
    data = json.loads(json.dumps(UNASSIGNED.to_json()))
    assert (data["ended"], data["variable"]) == ("unassigned-read", "pte")
    assert data["installed"][0]["stack"] == "zero"
    assert data["tables"][0] == [0] * 16  # the refactor clears before it reads
    assert "returned" not in data  # defaults are left out


def test_exercised_paths_survive():
    plain = Outcome("returned", ((), ()), (), exercised=("batch", "fold", "unfold"))
    assert outcome_from_json(plain.to_json()) == plain
    assert "exercised" not in Outcome("returned", ((), ()), ()).to_json()


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ({"ended": 3}, "outcome.ended", "a string"),
        ({"returned": "0"}, "outcome.returned", "an integer"),
        ({"stale": 3}, "outcome.stale", "a list"),
        ({"colour": 3}, "outcome.colour", "one of the fields"),
    ],
)
def test_errors(change, path, expected):
    with pytest.raises(SchemaError) as raised:
        outcome_from_json({**UNASSIGNED.to_json(), **change})
    assert str(raised.value).startswith(f"{path}: expected {expected}")


def test_outcomes_are_values():
    with pytest.raises(dataclasses.FrozenInstanceError):
        UNASSIGNED.ended = "returned"
    with pytest.raises(dataclasses.FrozenInstanceError):
        UNASSIGNED.installed[0].pte = 1
    assert hash(UNASSIGNED) == hash(move("refactor", scenario("x86_64", {0: swap("x86_64", 3, 8)}, ptrs_per_pte=16)))
