# SPDX-License-Identifier: GPL-2.0-only
"""The line of the C that each call of a log stands on; and no line where it would be somebody else's."""

import pytest

from pte_review.harness.explain.cause import SIGNATURES
from tests.kit.build import pages, scenario
from tests.kit.trees import edited, small, version

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"


def lines_of(tree):
    """By name of the call, the text of the lines that are said of the calls of a run."""
    one = version(tree)
    try:
        where = scenario("x86_64", pages("x86_64", 0, 0x100, ["WA", "A"]), at=(0, 0, 2))
        outcome = one.run(where)
        text = str(tree.read("mm/mremap.c")).split("\n")
        lines = {}
        for at, event in enumerate(outcome.events):
            if place := one.line_of(where, at):
                path, _, number = place.rpartition(":")
                assert path == "mm/mremap.c"
                lines.setdefault(str(event[0]), set()).add(text[int(number) - 1].strip())
        return lines
    finally:
        one.close()


def test_calls_of_the_function():
    said = lines_of(small())
    assert said["set_ptes"] == {SET.strip()}
    for name in set(said) & set(SIGNATURES):
        assert all(name in line for line in said[name]), said[name]
    assert "R" not in said
    assert "S" not in said


def test_a_call_of_several_lines():
    """gcc says its last line, clang its first."""
    said = lines_of(edited(small(), {SET: "\t\t\tset_ptes(mm,\n\t\t\t\t to, dst,\n\t\t\t\t pte, nr);\n"}))
    assert said["set_ptes"] == {"set_ptes(mm,"}


@pytest.mark.parametrize("at", [-1, 10_000])
def test_no_such_event(at):
    one = version(small())
    assert one.line_of(scenario("x86_64", pages("x86_64", 0, 0x100, ["A"])), at) == ""
    one.close()
