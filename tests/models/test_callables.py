# SPDX-License-Identifier: GPL-2.0-only
"""Versions that are callables."""

import functools

import pytest

from pte_review.models.outcome import CRASH, NO_PROGRESS, UNASSIGNED_READ
from pte_review.models.scenario import Folio
from pte_review.models.version import VersionError
from tests.kit.build import page, scenario
from tests.kit.moves import load, run

WHAT = scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 2),))


def by_hand(k, pmc, extent, old_pmd, new_pmd):
    return extent


def endless(k, pmc, extent, old_pmd, new_pmd):
    for _ in range(99_999):
        pass


def unassigned(k, pmc, extent, old_pmd, new_pmd):
    if extent < 0:
        value = 1
    return value


class Callable:
    def __call__(self, k, pmc, extent, old_pmd, new_pmd):
        return 5

    def method(self, k, pmc, extent, old_pmd, new_pmd):
        raise KeyError("x")


def test_a_callable():
    version = load(by_hand)
    assert version.name == "by_hand"
    assert run(WHAT, version).returned == 4096
    assert load(version) is version


def test_a_callables_loops_are_counted_and_its_unassigned_reads_known():
    assert run(WHAT, load(endless)).ended == NO_PROGRESS
    outcome = run(WHAT, load(unassigned))
    assert (outcome.ended, outcome.variable) == (UNASSIGNED_READ, "value")
    assert outcome.why.endswith(f"unassigned:{unassigned.__code__.co_firstlineno + 3}")
    assert [i.stack for i in outcome.installed] == ["zero", "pattern"]


def test_a_closure_sees_its_variables():
    result = 7

    def inner(k, pmc, extent, old_pmd, new_pmd):
        return result

    assert run(WHAT, load(inner)).returned == 7


@pytest.mark.parametrize(
    ("which", "returned"),
    [
        (lambda k, pmc, extent, old_pmd, new_pmd: 3, 3),
        (Callable(), 5),
        (functools.partial(by_hand), 4096),
    ],
)
def test_other_callables(which, returned):
    assert run(WHAT, load(which)).returned == returned


def test_a_method_that_crashes():
    assert run(WHAT, load(Callable().method)).ended == CRASH


@pytest.mark.parametrize("which", [lambda k: 0, len, Callable])
def test_callables_of_another_signature(which):
    with pytest.raises(VersionError, match=r"^[^\n]*does not take[^\n]*$"):
        load(which)
