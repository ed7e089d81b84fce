# SPDX-License-Identifier: GPL-2.0-only
"""Legal scenarios break no rule; hostile ones break the rule they were asked to break, and nothing else."""

import json
from collections import Counter

import pytest

from pte_review.models.legal import ONLY_ON, RULES, SHAPE, breaches, broken_rules
from pte_review.models.scenario_check import check
from pte_review.strategies.hostile import BREAKERS
from tests.kit.build import ARCHES
from tests.kit.draws import drawn
from tests.kit.moves import as_move, scenario_from_json

HOSTILE = [(arch, rule) for arch in ARCHES for rule in RULES if ONLY_ON.get(rule, arch) == arch]
COUNT = 300
MISSES = 0.05  # of hostile scenarios: the tables had no room to break the rule


@pytest.mark.parametrize("arch", ARCHES)
def test_legal_scenarios_break_no_rule(arch):
    for scenario in drawn(arch):
        check(scenario)
        assert list(breaches(scenario)) == [], scenario


@pytest.mark.parametrize("arch", ARCHES)
def test_pages_of_a_privately_mapped_file_are_not_writable(arch):
    """A write would have copied them: what is writable in such a VMA is anon."""
    seen = 0
    for scenario in drawn(arch):
        words = scenario.words
        if scenario.vma.vm_file and scenario.vma.anon_vma:
            pages = [
                pte for _, pte in as_move(scenario).old_table if words.pte_present(pte) and not words.pte_special(pte)
            ]
            file = [pte for pte in pages if not scenario.folio_of(words.pte_pfn(pte)).anon]
            assert not any(map(words.pte_write, file))
            seen += bool(file)
    assert seen > 50


@pytest.mark.parametrize("arch", ARCHES)
def test_whole_tables_are_moved_only_to_clear_uffd_wp(arch):
    """Otherwise move_normal_pmd() moves an aligned table without looking into it."""
    whole = [s for s in drawn(arch) if s.nr == s.config.ptrs_per_pte]
    assert all(s.vma.uffd and not s.vma.uffd_event_remap for s in whole)
    assert whole


@pytest.mark.parametrize("arch", ARCHES)
def test_scenarios_survive_json(arch):
    for scenario in drawn(arch)[:300]:
        assert scenario_from_json(json.loads(json.dumps(scenario.to_json()))) == scenario


def test_every_rule_can_be_broken():
    assert set(BREAKERS) == set(RULES)


@pytest.mark.parametrize(("arch", "rule"), HOSTILE)
def test_a_hostile_scenario_breaks_its_rule_and_no_other(arch, rule):
    broken = Counter()
    for scenario in drawn(arch, rule, COUNT):
        check(scenario)
        broken[broken_rules(scenario)] += 1
    assert set(broken) <= {(rule,), ()}
    assert broken[()] <= MISSES * COUNT


@pytest.mark.parametrize("rule", RULES)
def test_shape_is_no_rule_to_break(rule):
    assert rule != SHAPE


@pytest.mark.parametrize("arch", ARCHES)
def test_the_same_seed_gives_the_same_scenarios(arch):
    assert drawn(arch, None, 50, 7) == drawn.__wrapped__(arch, None, 50, 7)
    assert drawn(arch, None, 50, 7) != drawn(arch, None, 50, 8)


@pytest.mark.parametrize("arch", ARCHES)
def test_scenarios_hardly_ever_come_twice(arch):
    """One draw a scenario leaves Hypothesis nothing to copy between examples."""
    assert len(set(drawn(arch))) > 0.97 * len(drawn(arch))


@pytest.mark.parametrize("arch", ARCHES)
def test_both_versions_of_the_disputed_clear_can_be_told_apart(arch):
    """Two of five destination-occupied scenarios at least have a UFFD_WP marker to drop over an occupied entry."""
    told = 0
    for scenario in drawn(arch, "destination-occupied", COUNT):
        words, source = scenario.words, dict(as_move(scenario).old_table)
        shift = as_move(scenario).old_index - as_move(scenario).new_index
        occupied = [breach.entry for breach in breaches(scenario)]
        told += (
            scenario.vma.uffd
            and not scenario.vma.uffd_event_remap
            and any(words.pte_marker_uffd_wp(source.get(index + shift, 0)) for index in occupied)
        )
    assert told > COUNT * 0.4
