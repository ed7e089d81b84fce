# SPDX-License-Identifier: GPL-2.0-only
"""What minimising proposes for a change of protection: fewer entries, mprotect(), the start of the table."""

from collections.abc import Iterator
from dataclasses import replace

from pte_review.harness.search.simpler_actions import with_slots
from pte_review.harness.search.tables import FIRST_PFN
from pte_review.harness.subject import Steps
from pte_review.models.change_pte_range.call import MPROTECT, protected
from pte_review.models.config import PAGE_SIZE
from pte_review.models.scenario import Folio, Scenario, page_ranges
from pte_review.models.tables import Entries
from pte_review.strategies.change_pte_range import BASE


def shorter_range(scenario: Scenario) -> Iterator[Scenario]:
    """The first half, the second half, without the last entry, without the first."""
    (where,) = scenario.ranges
    for nr in (1, 2, where.nr // 2, where.nr - 1):
        if 0 < nr < where.nr:
            yield protected(scenario, nr=nr)
            cut = where.nr - nr
            yield protected(
                scenario,
                nr=nr,
                addr=scenario.address(where) + cut * PAGE_SIZE,
                actions=with_slots(scenario, lambda slot, cut=cut: slot - cut),  # type: ignore[misc]  # bound now
            )


def closer_entries(scenario: Scenario) -> Iterator[Scenario]:
    """Close a hole in the range: everything behind it moves up one slot."""
    (where,), entries = scenario.ranges, scenario.tables[0].entries
    present = {i for i, _ in entries}
    for hole in range(where.first, where.end - 1):
        if hole not in present:
            gap = hole - where.first
            yield protected(
                scenario,
                entries=tuple((i - (i > hole), pte) for i, pte in entries),
                nr=where.nr - 1,
                actions=with_slots(scenario, lambda slot, gap=gap: slot - (slot > gap)),  # type: ignore[misc]  # bound now
            )


def ordinary_call(scenario: Scenario) -> Iterator[Scenario]:
    """mprotect() of memory to reading and writing, by one of several threads, of a table that maps."""
    yield protected(scenario, single_threaded=False)
    yield protected(scenario, maps=True)
    yield protected(scenario, caller=MPROTECT, protection="rw", vma=replace(scenario.vma, write=False))
    yield protected(scenario, caller=MPROTECT, protection="rw")
    yield protected(scenario, caller=MPROTECT, protection="r")


def ordinary_folios(scenario: Scenario) -> Iterator[Scenario]:
    """Folios that NUMA balancing may migrate, each at the ordinary value of a field."""
    ordinary = Folio(0)
    for i, folio in enumerate(scenario.folios):
        for name in ("nid", "ksm", "pinned", "dirty", "device"):
            plain = replace(folio, **{name: getattr(ordinary, name)})
            yield protected(scenario, folios=(*scenario.folios[:i], plain, *scenario.folios[i + 1 :]))


def earlier_pages(scenario: Scenario) -> Iterator[Scenario]:
    """The mapped pages of a folio from its second page on, where they begin later; its head page stays what it is."""
    words, entries = scenario.words, scenario.tables[0].entries
    for i, folio in enumerate(scenario.folios):
        mapped = [words.pte_pfn(pte) for _, pte in entries if words.pte_present(pte)]
        mapped = [pfn - folio.pfn for pfn in mapped if folio.pfn <= pfn < folio.end]
        by = min(mapped, default=0) - 1
        if by > 0:
            pages = {page: page + by if page else 0 for page in range((1 << folio.order) - by)}
            exclusive = page_ranges({p for p, was in pages.items() if folio.is_exclusive(folio.pfn + was)})
            shared = page_ranges({p for p, was in pages.items() if folio.is_shared(folio.pfn + was)})
            moved = replace(folio, exclusive=exclusive, shared=shared)
            folios = (*scenario.folios[:i], moved, *scenario.folios[i + 1 :])
            yield protected(scenario, entries=_moved(scenario, {folio.pfn: -by}), folios=folios)


def lower_folios(scenario: Scenario) -> Iterator[Scenario]:
    """Folios from FIRST_PFN on, as close as their sizes allow, their pages as they are."""
    at, by, folios = FIRST_PFN, {}, []
    for folio in scenario.folios:
        at = -(-at >> folio.order) << folio.order
        by[folio.pfn] = at - folio.pfn
        folios.append(replace(folio, pfn=at))
        at = folios[-1].end
    yield protected(scenario, entries=_moved(scenario, by), folios=folios)


def _moved(scenario: Scenario, by: dict[int, int]) -> Entries:
    """The entries, with the page frames of each folio that `by` names moved by so many."""
    words, entries = scenario.words, []
    for index, pte in scenario.tables[0].entries:
        folio = scenario.folio_of(words.pte_pfn(pte)) if words.pte_present(pte) else None
        distance = by.get(folio.pfn, 0) if folio else 0
        pfn = words.pte_pfn(pte) + distance
        entries.append((index, words.pfn_pte(pfn, words.pte_pgprot(pte)) if distance else pte))
    return tuple(entries)


def ordinary_base(scenario: Scenario) -> Iterator[Scenario]:
    """Not in the first page table."""
    (where,) = scenario.ranges
    if not scenario.tables[0].base:
        yield protected(scenario, addr=BASE + where.first * PAGE_SIZE)


def plainer_place(scenario: Scenario) -> Iterator[Scenario]:
    """Everything in the table as many entries lower as there is room, or a contpte block, or one."""
    (where,), entries = scenario.ranges, scenario.tables[0].entries
    lowest = min([where.first, *(i for i, _ in entries)])
    for by in (lowest, lowest & -scenario.config.cont_ptes, 1):
        if 0 < by <= lowest:
            yield protected(
                scenario,
                addr=scenario.address(where) - by * PAGE_SIZE,
                entries=tuple((i - by, pte) for i, pte in entries),
            )


STEPS = Steps(
    fewer_slots=(shorter_range, closer_entries),
    ordinary_call=(ordinary_call, ordinary_folios),
    plainer_place=(ordinary_base, plainer_place, earlier_pages, lower_folios),
)
