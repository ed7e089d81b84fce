# SPDX-License-Identifier: GPL-2.0-only
"""Recorded moves as the move_ptes() calls they were made of, run through a version: what it predicts and what not."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.files.folios import infer
from pte_review.harness.files.recording import Record, entries
from pte_review.harness.judging.entries import bit_kinds
from pte_review.harness.judging.expected import Expected, without_ad
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.arch.x86_64 import ACCESSED
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.entry import identity, show
from pte_review.models.port import Version
from pte_review.models.run import run
from pte_review.models.scenario import Entries, Folio, Scenario, Vma, check


@dataclass(frozen=True, slots=True)
class Call:
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


def calls(record: Record) -> Iterator[Call]:
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
            scenario = Scenario(
                arch=record.arch,
                old_addr=old,
                new_addr=new,
                extent=nr * PAGE_SIZE,
                old_table=table,
                folios=_mapped(folios, w, table),
                vma=vma,
                config=config,
            )
            check(scenario)
            yield Call(scenario, page, tuple(after[page : page + nr]))
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
    found = {folios[w.pte_pfn(pte)] for _, pte in table if w.pte_present(pte) and not w.pte_special(pte)}
    return tuple(sorted(found, key=lambda folio: folio.pfn))


def mismatches(number: int, record: Record, version: Version) -> list[Mismatch]:
    """Where the kernel left something else than `version` does, accessed and dirty and CONT aside."""
    found: list[Mismatch] = []
    for call in calls(record):
        x = Expected(call.scenario)
        outcome = run(call.scenario, version)
        table = outcome.new_table or outcome.old_table
        for i, kernel in enumerate(call.after):
            ours = table[x.new_index + i]
            if kernel == ours or _masked(x, kernel) == _masked(x, ours):
                continue
            for kind in _kinds(x, kernel, ours):
                _extend(
                    found,
                    Mismatch(number, kind, call.page + i, call.page + i, show(x.words, kernel), show(x.words, ours)),
                )
    return found


def _masked(x: Expected, pte: int) -> int:
    """What two reads of a running kernel can be compared in: a background thread ages pages, contpte gathers A/D."""
    if x.words.pte_none(pte):
        return 0
    if not x.words.pte_present(pte):
        return pte
    return pte & ~ACCESSED if x.words.arch == "x86_64" else without_ad(x.words, pte & ~x.words.CONT)


def _kinds(x: Expected, kernel: int, ours: int) -> list[str]:
    if identity(x.words, kernel) != identity(x.words, ours):
        return ["entry-lost" if x.words.pte_none(kernel) else "foreign-entry"]
    return [kind for kind in bit_kinds(x, kernel & ~x.words.CONT, ours & ~x.words.CONT) if "young" not in kind] or [
        "other-bits"
    ]


def _extend(found: list[Mismatch], new: Mismatch) -> None:
    """Append `new`, or let it lengthen the stretch before it."""
    if found and (found[-1].record, found[-1].kind, found[-1].last + 1) == (new.record, new.kind, new.first):
        last = found[-1]
        found[-1] = Mismatch(last.record, last.kind, last.first, new.last, last.kernel, last.version)
    else:
        found.append(new)
