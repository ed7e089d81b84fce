# SPDX-License-Identifier: GPL-2.0-only
"""Exploring: when each kind was first seen, and the smallest scenario that showed it, checked against a list of all."""

import pytest

from pte_review.harness import check
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import BLOCK, key_of, size
from pte_review.models.move_ptes import pre_patch, v4
from pte_review.models.scenario import Scenario
from tests.kit.build import ARCHES
from tests.kit.moves import compared, explore, load

EXAMPLES = 60
FOLIO_AD = CONTRACTS["folio-ad"]


class Spy:
    """v4, which notes the scenarios it is run on."""

    __name__ = "spy"

    def __init__(self) -> None:
        self.seen: list[Scenario] = []

    def __call__(self, k, pmc, extent, old_pmd, new_pmd):
        self.seen.append(k.scenario)
        return v4.move_ptes(k, pmc, extent, old_pmd, new_pmd)


def by_hand(scenarios: list[Scenario]) -> dict[tuple[str, str, bool], list[int]]:
    """The key of each divergence: which scenarios, from 1, show it."""
    shown: dict[tuple[str, str, bool], list[int]] = {}
    for number, scenario in enumerate(scenarios, 1):
        comparison = compared(scenario, load("pre_patch"), load("v4"), FOLIO_AD)
        for key in {key_of(scenario, d) for d in comparison.judgement.differences}:
            shown.setdefault(key, []).append(number)
    return shown


@pytest.mark.parametrize("arch", ARCHES)
def test_first_and_smallest(arch):
    spy = Spy()
    (tally,) = explore(arch, [(load("pre_patch"), load(spy))], FOLIO_AD, None, EXAMPLES, 1)
    assert (len(spy.seen), tally.examples) == (EXAMPLES, EXAMPLES)
    expected = by_hand(spy.seen)
    assert len(expected) >= 2
    assert {key: seen.first for key, seen in tally.seen.items()} == {key: shown[0] for key, shown in expected.items()}
    smallest = {key: min(size(spy.seen[n - 1]) for n in shown) for key, shown in expected.items()}
    assert {key: size(seen.scenario) for key, seen in tally.seen.items()} == smallest


@pytest.mark.parametrize("arch", ARCHES)
def test_examples_to_find(arch):
    spy = Spy()
    divergences = check("pre_patch", load(spy), arch=arch, max_examples=EXAMPLES, seed=1).divergences
    expected = by_hand(spy.seen[:EXAMPLES])
    for d in divergences:
        key = d.kind, d.by, d.scenario.vma.shadow_stack and d.kind in ("write-gained", "write-lost")
        assert d.examples_to_find == expected[key][0]


def test_reading_more_is_no_changed_path():
    def reads_more(k, pmc, extent, old_pmd, new_pmd):
        k.read(old_pmd.ptep)
        return pre_patch.move_ptes(k, pmc, extent, old_pmd, new_pmd)

    assert check("pre_patch", reads_more, max_examples=30).changed == {"x86_64": 0, "arm64": 0}
    assert all(check("pre_patch", "v4", max_examples=30).changed.values())


def test_a_pair_that_has_seen_enough_is_not_run_again():
    buggy, good = Spy(), lambda *call: pre_patch.move_ptes(*call)
    pairs = [(load("pre_patch"), load(buggy)), (load("pre_patch"), load(good))]
    found, nothing = explore("x86_64", pairs, FOLIO_AD, None, EXAMPLES, 1, enough=lambda tally: bool(tally.seen))
    assert found.examples == min(by_hand(buggy.seen).values())[0] < EXAMPLES
    assert len(buggy.seen) < found.examples + BLOCK
    assert nothing.examples == EXAMPLES


def test_no_more_scenarios_when_every_pair_has_seen_enough():
    buggy = Spy()
    explore(
        "arm64", [(load("pre_patch"), load(buggy))], FOLIO_AD, None, 10**9, 1, enough=lambda tally: bool(tally.seen)
    )
    assert len(buggy.seen) < min(by_hand(buggy.seen).values())[0] + BLOCK
