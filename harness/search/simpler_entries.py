# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards entries with fewer bits, ordinary pages and low page frames."""

from collections.abc import Iterator
from dataclasses import replace

from pte_review.harness.search.tables import FIRST_PFN, Change, cut_pages, with_changed, with_entry
from pte_review.models.scenario import Folio, Scenario


def simpler_entries(scenario: Scenario) -> Iterator[Scenario]:
    """Fewer bits in every entry at once, then in one; ordinary pages and swap entries instead of rarer kinds."""
    words = scenario.words
    clear: tuple[Change, ...] = (
        words.pte_mkold,
        words.pte_mkclean,
        words.pte_clear_soft_dirty,
        words.pte_clear_uffd_wp,
        lambda pte: pte & ~words.CONT,
        words.pte_wrprotect,
        lambda pte: pte if words.pte_valid(pte) else words.pfn_pte(words.pte_pfn(pte), words.entry_prot(scenario.vma)),
    )
    for change in clear:
        yield with_changed(scenario, change, None)
    for number, table in enumerate(scenario.tables):
        for at, (_, pte) in enumerate(table.entries):
            if words.pte_present(pte):
                for change in clear:
                    yield with_changed(scenario, change, (number, at))
                continue
            yield with_entry(scenario, number, at, words.pte_swp_clear_flags(pte))
            ordinary = words.swp_entry_to_pte(0, 1 + at)
            yield with_entry(scenario, number, at, ordinary)
            yield with_entry(scenario, number, at, ordinary | (pte ^ words.pte_swp_clear_flags(pte)))


def ordinary_pages(scenario: Scenario) -> Iterator[Scenario]:
    """An ordinary anon page in the place of a special one."""
    words = scenario.words
    for number, table in enumerate(scenario.tables):
        for at, (_, pte) in enumerate(table.entries):
            if words.pte_present(pte) and words.pte_special(pte):
                end = max((folio.end for folio in scenario.folios), default=FIRST_PFN)
                changed = with_entry(scenario, number, at, words.pfn_pte(end, words.entry_prot(scenario.vma)))
                yield replace(changed, folios=(*scenario.folios, Folio(end)))


def lower_pages(scenario: Scenario) -> Iterator[Scenario]:
    """Folios from FIRST_PFN on, as close as their sizes allow, their mapped pages at their beginning."""
    words = scenario.words
    pfns = [words.pte_pfn(pte) for table in scenario.tables for _, pte in table.entries]
    lowered: dict[int, int] = {}
    folios, at = [], FIRST_PFN
    for folio in scenario.folios:
        mapped = [pfn for pfn in pfns if folio.pfn <= pfn < folio.end]
        skip = min(mapped, default=folio.pfn) - folio.pfn
        at = -(-at >> folio.order) << folio.order
        lowered |= {pfn: at + pfn - folio.pfn - skip for pfn in range(folio.pfn + skip, folio.end)}
        exclusive, shared = (cut_pages(pages, skip, 1 << folio.order) for pages in (folio.exclusive, folio.shared))
        folios.append(replace(folio, pfn=at, exclusive=exclusive, shared=shared))
        at += 1 << folio.order

    def lower(pte: int) -> int:
        return words.pfn_pte(lowered.get(words.pte_pfn(pte), words.pte_pfn(pte)), words.pte_pgprot(pte))

    yield replace(with_changed(scenario, lower, None), folios=tuple(folios))
