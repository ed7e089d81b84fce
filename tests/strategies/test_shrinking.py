# SPDX-License-Identifier: GPL-2.0-only
"""What Hypothesis shrinks a scenario to: few entries, short moves, the default config. As its own tests/quality."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from pte_review.harness.search.explore import size
from pte_review.models.config import Config
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma
from pte_review.strategies.move_ptes import scenarios
from tests.kit.build import ARCHES
from tests.kit.census import features
from tests.kit.moves import as_move
from tests.kit.release import needs_named_release

pytestmark = pytest.mark.slow

QUIET = settings(
    max_examples=3000,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def smallest(arch, condition, start=0):
    return find(scenarios(arch), condition, settings=QUIET, random=Random(start))


def options(scenario: Scenario):
    """How many options of config and VMA are not the default."""
    return size(scenario)[2]


def in_range(scenario: Scenario):
    table = dict(as_move(scenario).old_table)
    return [table.get(as_move(scenario).old_index + i, 0) for i in range(scenario.nr)]


def mixed_write(scenario):
    return "write alone differs" in features(scenario)


def swap_entry(scenario):
    return "swap" in features(scenario)


def cleared_marker(scenario):
    clearing = scenario.vma.uffd and not scenario.vma.uffd_event_remap
    return clearing and any(map(scenario.words.pte_marker_uffd_wp, in_range(scenario)))


def two_folios(scenario):
    """Both mapped in the moved range."""
    words = scenario.words
    present = [pte for pte in in_range(scenario) if words.pte_present(pte) and not words.pte_special(pte)]
    return len({scenario.folio_of(words.pte_pfn(pte)) for pte in present}) >= 2


def ends_inside(scenario):
    return "ends inside a folio" in features(scenario)


def one_table(scenario):
    return as_move(scenario).one_table


def whole_block(scenario):
    return "whole blocks" in features(scenario)


# What is looked for; at most how many entries in the tables, and in the moved range. The config is the default; the
# VMA too, but for one flag where Hypothesis stops after its 500 shrinks.
BOUNDS = {
    mixed_write: (3, 3),
    swap_entry: (2, 2),  # or in the place of a page of a folio
    two_folios: (2, 2),
    ends_inside: (2, 1),
    one_table: (1, 1),
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("condition", BOUNDS)
def test_shrinks_to_little(arch, condition):
    """From two of three starts at least: a shrinker that changes one choice at a time gets stuck at times."""
    entries, nr = BOUNDS[condition]
    found = sorted((smallest(arch, condition, start) for start in range(3)), key=size)
    for scenario in found[:2]:
        assert len(as_move(scenario).old_table) <= entries
        assert scenario.nr <= nr
        assert scenario.config == Config()
        assert options(scenario) <= 1
        assert as_move(scenario).new_table == ()
        assert as_move(scenario).old_maps
        assert as_move(scenario).new_maps


@needs_named_release
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("start", [0, 1])
def test_a_marker_that_the_move_drops(arch, start):
    """A userfaultfd, one entry, and at most a page of the folio that it stands in; nothing else."""
    found = smallest(arch, cleared_marker, start)
    assert found.config == Config()
    assert options(found) <= 2
    assert len(as_move(found).old_table) == found.nr <= 2


@pytest.mark.parametrize("start", [0, 1])
def test_a_contpte_block(start):
    """One block is what it takes; Hypothesis may stop at a folio of two."""
    found = smallest("arm64", whole_block, start)
    assert len(as_move(found).old_table) <= 2 * 16
    assert found.nr <= 2 * 16
    assert options(found) <= 2


@pytest.mark.parametrize("arch", ARCHES)
def test_the_simplest_scenario_is_one_ordinary_page(arch):
    found = smallest(arch, lambda scenario: True)
    words = found.words
    ((index, pte),) = as_move(found).old_table
    assert (index, found.nr, as_move(found).old_index, as_move(found).new_index) == (0, 1, 0, 0)
    assert pte == words.pte_mkwrite(words.pfn_pte(words.pte_pfn(pte), words.PROT_USER), found.vma)
    assert (found.config, found.vma) == (Config(), Vma())
    assert [(folio.order, folio.exclusive, folio.shared) for folio in found.folios] == [(0, ((0, 1),), ())]
