# SPDX-License-Identifier: GPL-2.0-only
"""Recorded moves as the move_ptes() calls that they were made of."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.recordings.fields import FILES, entries
from pte_review.harness.recordings.folios import mapped, recorded
from pte_review.harness.recordings.reading import config_of
from pte_review.harness.subjects.move_ptes.recordings.folios import ANON, infer
from pte_review.harness.subjects.move_ptes.recordings.recording import Record
from pte_review.harness.subjects.move_ptes.recordings.subset import synthetic
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.tables import Entries
from pte_review.models.vma import Vma


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One move_ptes() call of a record: its scenario, the first page of the record it moves, what the kernel left."""

    scenario: Scenario
    page: int
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """Pages that one turn of move_page_tables() took, the end of the VMA or of a table behind them."""

    first: int
    end: int
    vma: Vma


def calls(record: Record) -> Iterator[RecordedCall]:
    """The move_ptes() calls of a record, split as get_extent() does; what moved whole is left out."""
    config = config_of(record)
    w = words(record.arch, config)
    before, after = entries(record.before), entries(record.after)
    if record.subset:
        before = synthetic(w, before)
    folios = _folios(record, w, before)
    for extent in _extents(record, config.ptrs_per_pte):
        nr = extent.end - extent.first
        old, new = record.old_addr + extent.first * PAGE_SIZE, record.new_addr + extent.first * PAGE_SIZE
        index = (old >> PAGE_SHIFT) % config.ptrs_per_pte
        table: Entries = tuple((index + i, pte) for i, pte in enumerate(before[extent.first : extent.end]) if pte)
        scenario = move(
            record.arch,
            old_addr=old,
            new_addr=new,
            extent=nr * PAGE_SIZE,
            old_table=table,
            folios=mapped(folios, w, table),
            vma=extent.vma,
            config=config,
        )
        check(scenario)
        yield RecordedCall(scenario, extent.first, tuple(after[extent.first : extent.end]))


def _extents(record: Record, pmd_pages: int) -> Iterator[Extent]:
    """What move_ptes() was called for. Each VMA is moved by a call of move_page_tables() of its own."""
    for first, end, permissions in record.vmas or ((0, record.pages, "rw"),):
        vma = _vma(record, permissions)
        page, end = first, min(end, record.moved)
        while page < end:
            pages = ((address >> PAGE_SHIFT) + page for address in (record.old_addr, record.new_addr))
            nr = min(end - page, *(pmd_pages - number % pmd_pages for number in pages))
            if not _moved_whole(record, page, nr, pmd_pages):
                yield Extent(page, page + nr, vma)
            page += nr


def _moved_whole(record: Record, page: int, nr: int, pmd_pages: int) -> bool:
    """Where it was not recorded: move_normal_pmd() takes every whole table, unless uffd-wp is to be cleared."""
    if record.whole is None or record.subset:
        return nr == pmd_pages and not record.clears_uffd_wp
    return any(first <= page and page + nr <= end for first, end, _ in record.whole)


def _vma(record: Record, permissions: str) -> Vma:
    return Vma(
        vm_file=record.mapping in FILES,
        read="r" in permissions,
        write="w" in permissions,
        uffd=True,
        uffd_event_remap=not record.clears_uffd_wp,
    )


def _folios(record: Record, w: PteWords, before: list[int]) -> dict[int, Folio]:
    """The folio behind each PFN that the old range maps, those beyond what is moved too."""
    first = record.old_addr >> PAGE_SHIFT
    frames = {
        first + i: w.pte_pfn(pte) for i, pte in enumerate(before) if w.pte_present(pte) and not w.pte_special(pte)
    }
    if record.folios is not None or record.subset:
        return recorded(record.folios or (), record.exclusive, frames.values(), anon=record.mapping in ANON)
    return infer(record.mapping, range(first, first + len(before)), frames)
