# SPDX-License-Identifier: GPL-2.0-only
"""Where equal final states are not enough: what a batch does at an occupied destination, each under its own kind."""

import pytest

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects.move_ptes.clauses import CLAUSES
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, pages, scenario, swap
from tests.kit.moves import compared, load


def occupied(arch, slot, occupant, **config):
    """Two pages of one folio move over `occupant`, which stands in new[slot]."""
    folios = (Folio(0x100, 2), Folio(0x200))
    return scenario(arch, pages(arch, 0, 0x100, ["", ""]), {slot: occupant}, at=(0, 0, 2), folios=folios, **config)


def kinds(what, candidate="v4"):
    found = compared(what, load("pre_patch"), load(candidate), CONTRACTS["folio-ad"])
    assert found.base.tables[1] == found.candidate.tables[1]
    return {d.finding.kind for d in found.judgement.differences}


@pytest.mark.parametrize("arch", ARCHES)
def test_the_warning_stops_firing_behind_the_first_destination(arch):
    assert kinds(occupied(arch, 1, swap(arch, 0, 5), debug_vm=True)) == {"warning-missing"}


@pytest.mark.parametrize("arch", ARCHES)
def test_it_still_fires_at_the_first(arch):
    assert kinds(occupied(arch, 0, swap(arch, 0, 5), debug_vm=True)) == set()


@pytest.mark.parametrize("arch", ARCHES)
def test_set_ptes_over_a_present_entry(arch):
    assert kinds(occupied(arch, 1, page(arch, 0x200))) == {"primitive-contract"}


@pytest.mark.parametrize("arch", ARCHES)
def test_a_plain_clear_is_not_told_to_page_table_check(arch):
    def plain(k, pmc, extent, old_pmd, new_pmd):
        k.ptep_get_and_clear = lambda mm, addr, ptep: (k.ptep_get(ptep), k.pte_clear(mm, addr, ptep))[0]
        return load("pre_patch").called(k, pmc, extent, old_pmd, new_pmd)

    what = scenario(arch, {0: page(arch, 0x100)}, at=(0, 0, 1), folios=(Folio(0x100),), page_table_check=True)
    assert kinds(what, plain) == {"page-table-check"}


def test_the_contracts_say_so():
    by_part = {clause.part: clause for clause in CLAUSES}
    assert "warning-missing" in by_part["warnings"].source
    assert "page-table-check" in by_part["page_table_check"].source
    assert "primitive-contract" in by_part["primitives"].source
    assert all(clause.exact and clause.folio_ad and clause.source for clause in CLAUSES)
