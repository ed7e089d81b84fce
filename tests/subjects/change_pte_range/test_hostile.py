# SPDX-License-Identifier: GPL-2.0-only
"""Hostile scenarios of change_pte_range(): each rule can be broken by name, and what the versions do about it."""

from collections import Counter
from itertools import islice

import pytest

from pte_review.harness import check as review
from pte_review.harness.search.aim import fresh
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.verdict import INCONCLUSIVE
from pte_review.models.change_pte_range.legal import RULES as OWN
from pte_review.models.legal import ONLY_ON, broken_rules
from pte_review.models.scenario_check import check
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page
from tests.subjects.change_pte_range.calls import READ_ONLY, anon, call, kinds, run

COUNT = 150
MISSES = 0.05
HOSTILE = [(a, rule) for a in ARCHES for rule in CHANGE_PTE_RANGE.rules if ONLY_ON.get(rule, a) == a]


def test_every_rule_can_be_broken():
    assert set(CHANGE_PTE_RANGE.recipe.breakers) == set(CHANGE_PTE_RANGE.rules)
    assert set(OWN) < set(CHANGE_PTE_RANGE.rules)


@pytest.mark.parametrize(("arch", "rule"), HOSTILE)
def test_a_hostile_scenario_breaks_its_rule_and_no_other(arch, rule):
    broken = Counter()
    for scenario in islice(fresh(CHANGE_PTE_RANGE.recipe, arch, 1, rule), COUNT):
        check(scenario)
        broken[broken_rules(scenario)] += 1
    assert set(broken) <= {(rule,), ()}
    assert broken[()] <= MISSES * COUNT


@pytest.mark.parametrize("rule", CHANGE_PTE_RANGE.rules)
def test_a_review_of_hostile_scenarios_ends_with_a_verdict(rule):
    verdict = review("mprotect/before_batching", "mprotect/batching", hostile=rule, max_examples=60)
    assert verdict.verdict != INCONCLUSIVE


# -- what the text does there


@pytest.mark.parametrize("arch", ARCHES)
def test_pages_without_access_are_not_upgraded(arch):
    """can_change_pte_writable() asks pte_protnone(): the flags say rw, newprot says none."""
    scenario = call(arch, {0: page(arch, 0x200)}, [anon(0x200)], vma=READ_ONLY, newprot_of="", legal=False)
    assert run(scenario, "batching").tables[0][0] == page(arch, 0x200, "N")
    assert kinds(scenario, run(scenario, "batching")) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_nothing_changes_for_what_stays_writable(arch):
    scenario = call(arch, {0: page(arch, 0x200, "WDA")}, [anon(0x200)], protection="rw", legal=False)
    assert broken_rules(scenario) == ("nothing-changes",)
    assert run(scenario, "batching").tables[0][0] == page(arch, 0x200, "WDA")


@pytest.mark.parametrize("arch", ARCHES)
def test_change_pte_range_leaves_it_to_its_caller_which_vma_gets_hints(arch):
    folio = anon(0x200, nid=1)
    scenario = call(arch, {0: page(arch, 0x200)}, [folio], vma=Vma(mixedmap=True), caller="numa", legal=False)
    assert broken_rules(scenario) == ("numa-skipped",)
    assert run(scenario, "batching").tables[0][0] == page(arch, 0x200, "N")


@pytest.mark.parametrize("arch", ARCHES)
def test_uffd_wp_is_set_whether_the_vma_is_registered_or_not(arch):
    scenario = call(arch, {0: page(arch, 0x200, "W")}, [anon(0x200)], caller="uffd-protect", legal=False)
    assert broken_rules(scenario) == ("not-registered",)
    assert run(scenario, "batching").tables[0][0] == page(arch, 0x200, "U")
