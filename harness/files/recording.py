# SPDX-License-Identifier: GPL-2.0-only
"""Page-table moves of real kernels: each record as the move_ptes() calls it was made of, run through a variant.

A record holds raw entries of the old range before and of the new range after one mremap(). Folio boundaries are not
recorded; where a mapping's folios are known to be 64K or 2M they are inferred from the PFNs.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.judging.entries import bit_kinds
from harness.judging.expected import Expected, without_ad
from models.arch import ARCHES, words
from models.arch.x86_64 import ACCESSED
from models.codec import SchemaError, from_json
from models.config import PAGE_SHIFT, PAGE_SIZE, Config
from models.entry import identity, show
from models.run import run
from models.scenario import Entries, Folio, Scenario, Vma, check
from models.variants import Variant

FOLIO_ORDERS = {"mthp": 4, "thp2m": 9}
Runs = tuple[tuple[int, int, int], ...]  # first raw value, count, step in bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One mremap() on a running kernel. Addresses in bytes, lengths in pages; entries run-length coded."""

    kernel: str
    arch: str
    soft_dirty: bool
    mapping: str
    old_addr: int
    new_addr: int
    pages: int
    new_pages: int
    clears_uffd_wp: bool
    mremap_flags: int
    before: Runs
    after: Runs

    @property
    def moved(self) -> int:
        """Pages that were moved: the rest of a longer old range was unmapped."""
        return min(self.pages, self.new_pages)


@dataclass(frozen=True, slots=True)
class Call:
    """One move_ptes() call of a record: its scenario, the first page of the record it moves, what the kernel left."""

    scenario: Scenario
    page: int
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Pages of a record where the kernel left something else than the variant, by kind."""

    record: int  # from 1
    kind: str
    first: int  # page of the record
    last: int
    kernel: str  # the first page's entry, decoded
    variant: str


def is_recording(path: Path) -> bool:
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def read(path: Path) -> list[Record]:
    """The records of a .jsonl or .jsonl.gz file. Raises UsageError: which line, which field, what was expected."""
    opener = gzip.open if path.suffix == ".gz" else open
    records = []
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                records.append(_record(line, f"{path}:{number}"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read whole: {getattr(error, 'strerror', None) or error}") from None
    if not records:
        raise UsageError(f"{path}: holds no records")
    return records


def _record(line: str, where: str) -> Record:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not a whole JSON object: {error}") from None
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name != "steps"}
    try:
        record = from_json(Record, data, "record")
        _check(record)
    except SchemaError as error:
        raise UsageError(f"{where}: {error}") from None
    return record


def _check(record: Record) -> None:
    if record.arch not in ARCHES:
        raise SchemaError("record.arch", f"one of {', '.join(ARCHES)}", record.arch)
    for name, pages, runs in (("before", record.pages, record.before), ("after", record.new_pages, record.after)):
        if not 0 < pages < 1 << 20:
            raise SchemaError(f"record.{'pages' if name == 'before' else 'new_pages'}", "1 to 2**20-1 pages", pages)
        for i, (value, count, step) in enumerate(runs):
            if not 0 <= value < 1 << 64 or count < 1 or count > pages or step not in (0, PAGE_SIZE, -PAGE_SIZE):
                raise SchemaError(
                    f"record.{name}[{i}]", "[raw value, count, step of 0 or one page]", [value, count, step]
                )
        if sum(count for _, count, _ in runs) != pages:
            raise SchemaError(f"record.{name}", f"{pages} entries in all", sum(count for _, count, _ in runs))
    for name in ("old_addr", "new_addr"):
        value = getattr(record, name)
        if value < 0 or value % PAGE_SIZE or value >= 1 << 56:
            raise SchemaError(f"record.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**56", value)


def _entries(runs: Runs) -> list[int]:
    return [(first + i * step) & ((1 << 64) - 1) for first, count, step in runs for i in range(count)]


def calls(record: Record) -> Iterator[Call]:
    """The move_ptes() calls of a record, split as get_extent() does; move_normal_pmd() took whole tables."""
    config = Config(mem_soft_dirty=record.soft_dirty and record.arch == "x86_64", highest_memmap_pfn=(1 << 34) - 1)
    before, after = _entries(record.before), _entries(record.after)
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
                folios=_folios(record, config, table),
                vma=vma,
                config=config,
            )
            check(scenario)
            yield Call(scenario, page, tuple(after[page : page + nr]))
        page += nr


def _folios(record: Record, config: Config, table: Entries) -> tuple[Folio, ...]:
    """Folios behind the present entries: of the mapping's known order where the PFNs fit it, order 0 elsewhere."""
    w = words(record.arch, config)
    order = FOLIO_ORDERS.get(record.mapping, 0)
    starts = set()
    for _, pte in table:
        if w.pte_present(pte) and not w.pte_special(pte):
            starts.add(w.pte_pfn(pte) & -(1 << order))
    return tuple(Folio(pfn, order, anon=record.mapping in ("anon", "mthp", "thp2m")) for pfn in sorted(starts))


def mismatches(number: int, record: Record, variant: Variant) -> list[Mismatch]:
    """Where the kernel left something else than `variant` does, accessed and dirty and CONT aside."""
    found: list[Mismatch] = []
    for call in calls(record):
        x = Expected(call.scenario)
        outcome = run(call.scenario, variant)
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
        found[-1] = Mismatch(last.record, last.kind, last.first, new.last, last.kernel, last.variant)
    else:
        found.append(new)
