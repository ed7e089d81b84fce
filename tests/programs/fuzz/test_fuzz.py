# SPDX-License-Identifier: GPL-2.0-only
"""Some thousands of hostile inputs, the same in every run; and the rule that they are held to can be broken."""

import pytest

from pte_review.harness.cli import main as command_line
from tests.programs.fuzz import rule
from tests.programs.fuzz.cases import KINDS
from tests.programs.fuzz.rule import Call, broken, empty_folder, first_broken, made

# Cases a test, tests; what takes longer has fewer.
MANY = {"counterexample": 250, "recording": 150, "shard": 150, "candidate": 30, "patch": 20, "mail": 10, "options": 12}
MANY |= {"protect_counterexample": 60, "protect_candidate": 12, "protect_patch": 4, "boot": 25}
TESTS = 8


@pytest.mark.parametrize("part", range(TESTS))
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_breaks_the_rule(kind, part):
    assert first_broken(kind, range(part * MANY[kind], (part + 1) * MANY[kind])) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_the_same_and_not_all_refused(kind):
    with empty_folder():
        first = made(kind, 3)
    with empty_folder():
        assert made(kind, 3).arguments == first.arguments
    statuses = set()
    for number in range(60):
        with empty_folder():
            statuses.add(made(kind, number).status)
    assert 2 in statuses
    assert len(statuses) > 1


RIGHT = Call(["check"], 2, "", "pte-review: no\n", 0.1, set())


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"status": 70}, "exit status 70"),
        ({"status": 0, "output": "Traceback (most recent call last):"}, "a traceback"),
        ({"errors": "no\n"}, "an error that does not say whose it is"),
        ({"errors": "pte-review: \x1b[2J\n"}, "control characters"),
        ({"written": {"x"}}, "files: x"),
        ({"seconds": 100}, "100 seconds"),
    ],
)
def test_the_rule(wrong, why):
    assert broken(RIGHT) == ""
    assert broken(RIGHT._replace(**wrong)) == why


def test_a_mistake_is_found(monkeypatch):
    def mistaken(*_):
        raise KeyError("x")

    monkeypatch.setattr(command_line, "choose", mistaken)
    monkeypatch.setattr(rule, "KINDS", {"list": lambda random: []})
    assert first_broken("list", range(1)).startswith("list 0: exit status 70: []")
