# SPDX-License-Identifier: GPL-2.0-only
"""Recorded moves as the move_ptes() calls they were made of, run through a version: what it predicts and what not."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.judging.slots import bit_kinds
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.recordings.folios import infer
from pte_review.harness.subjects.move_ptes.recordings.recording import Record, entries
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.arch.x86_64 import ACCESSED
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.entry import identity, show
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.tables import Entries
from pte_review.models.version import Version
from pte_review.models.vma import Vma


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One move_ptes() call of a record: its scenario, the first page of the record it moves, what the kernel left."""

    scenario: Scenario
    page: int
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Pages of a record where the kernel left something else than the version, by kind."""

    record: int  # from 1
    kind: str
    first: int  # page of the record
    last: int
    kernel: str  # the first page's entry, decoded
    version: str


def calls(record: Record) -> Iterator[RecordedCall]:
    """The move_ptes() calls of a record, split as get_extent() does; move_normal_pmd() took whole tables."""
    config = Config(mem_soft_dirty=record.soft_dirty and record.arch == "x86_64", highest_memmap_pfn=(1 << 34) - 1)
    w = words(record.arch, config)
    before, after = entries(record.before), entries(record.after)
    folios = _folios(record, w, before)
    vma = Vma(vm_file=record.mapping in ("memfd", "filepriv"), uffd=True, uffd_event_remap=not record.clears_uffd_wp)
    pmd_pages = config.ptrs_per_pte
    page = 0
    while page < record.moved:
        old, new = record.old_addr + page * PAGE_SIZE, record.new_addr + page * PAGE_SIZE
        rooms = [pmd_pages - (address >> PAGE_SHIFT) % pmd_pages for address in (old, new)]
        nr = min(record.moved - page, *rooms)
        if nr < pmd_pages or record.clears_uffd_wp:
            first = (old >> PAGE_SHIFT) % pmd_pages
            table: Entries = tuple((first + i, pte) for i, pte in enumerate(before[page : page + nr]) if pte)
            scenario = move(
                record.arch,
                old_addr=old,
                new_addr=new,
                extent=nr * PAGE_SIZE,
                old_table=table,
                folios=_mapped(folios, w, table),
                vma=vma,
                config=config,
            )
            check(scenario)
            yield RecordedCall(scenario, page, tuple(after[page : page + nr]))
        page += nr


def _folios(record: Record, w: PteWords, before: list[int]) -> dict[int, Folio]:
    """The folio behind each PFN that the old range maps, those beyond what is moved too."""
    first = record.old_addr >> PAGE_SHIFT
    frames = {
        first + i: w.pte_pfn(pte) for i, pte in enumerate(before) if w.pte_present(pte) and not w.pte_special(pte)
    }
    return infer(record.mapping, range(first, first + len(before)), frames)


def _mapped(folios: dict[int, Folio], w: PteWords, table: Entries) -> tuple[Folio, ...]:
    """The folios that `table` maps, ascending."""
    mapped = {folios[w.pte_pfn(pte)] for _, pte in table if w.pte_present(pte) and not w.pte_special(pte)}
    return tuple(sorted(mapped, key=lambda folio: folio.pfn))


def mismatches(number: int, record: Record, version: Version) -> list[Mismatch]:
    """Where the kernel left something else than `version` does, accessed and dirty and CONT aside."""
    result: list[Mismatch] = []
    for call in calls(record):
        promise = MovePromise(call.scenario)
        words, new = promise.words, promise.wanted_range
        table = version.run(call.scenario).tables[new.table]
        for i, kernel in enumerate(call.after):
            predicted = table[new.first + i]
            if kernel == predicted or _masked(words, kernel) == _masked(words, predicted):
                continue
            page = call.page + i
            for kind in _kinds(promise, kernel, predicted):
                shown = show(words, kernel), show(words, predicted)
                _extend(result, Mismatch(number, kind, page, page, *shown))
    return result


def _masked(words: PteWords, pte: int) -> int:
    """What two reads of a running kernel can be compared in: a background thread ages pages, contpte gathers A/D."""
    if words.pte_none(pte):
        return 0
    if not words.pte_present(pte):
        return pte
    return pte & ~ACCESSED if words.arch == "x86_64" else words.without_ad(pte & ~words.CONT)


def _kinds(promise: MovePromise, kernel: int, predicted: int) -> list[str]:
    words = promise.words
    if identity(words, kernel) != identity(words, predicted):
        return ["entry-lost" if words.pte_none(kernel) else "foreign-entry"]
    kinds = bit_kinds(promise, kernel & ~words.CONT, predicted & ~words.CONT)
    return [kind for kind in kinds if "young" not in kind] or ["other-bits"]


def _extend(result: list[Mismatch], new: Mismatch) -> None:
    """Append `new`, or let it lengthen the stretch before it."""
    if result and (result[-1].record, result[-1].kind, result[-1].last + 1) == (new.record, new.kind, new.first):
        last = result[-1]
        result[-1] = Mismatch(last.record, last.kind, last.first, new.last, last.kernel, last.version)
    else:
        result.append(new)
