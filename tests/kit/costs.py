# SPDX-License-Identifier: GPL-2.0-only
"""Counting what a move costs, in the columns of the cost table (5.3)."""

from typing import Any, NamedTuple

from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Folio, Scenario
from tests.kit.build import calls, pages, scenario

CONT = 1 << 52


class Cost(NamedTuple):
    """Raw counts of a run, without the final flush_tlb_range()."""

    ptep_get: int
    reads: int
    exchanges: int
    stores: int
    flushes: int
    vm_normal_folio: int
    cont: int  # entries of the new table


def cost(outcome: Outcome) -> Cost:
    assert (outcome.ended, outcome.violations, outcome.warnings) == ("returned", (), ())
    counted = [calls(outcome, name) for name in ("ptep_get", "R", "X", "S", "T", "vm_normal_folio")]
    counted[4] -= calls(outcome, "flush_tlb_range")
    return Cost(*counted, sum(bool(pte & CONT) for pte in outcome.tables[1]))


def blocks(first: int, count: int, folio_blocks: int = 1, cont_ptes: int = 16, **options: Any) -> Scenario:
    """`count` CONT blocks, W dirty and young, in folios of `folio_blocks` blocks; options as for scenario()."""
    pfn = 0x4000
    order = (folio_blocks * cont_ptes).bit_length() - 1
    folios = tuple(Folio(pfn + (i << order), order) for i in range(count // folio_blocks))
    entries = pages("arm64", first, pfn, ["WDAC"] * (count * cont_ptes))
    return scenario("arm64", entries, folios=folios, cont_ptes=cont_ptes, **options)
