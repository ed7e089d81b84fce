# SPDX-License-Identifier: GPL-2.0-only
"""Recorded changes of protection on real kernels: raw entries of a mapping before and after one call."""

from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.recordings.fields import (
    MOST_PAGES,
    Runs,
    check_address,
    check_folios,
    check_pages,
    check_parts,
    check_runs,
)
from pte_review.harness.recordings.reading import records_of
from pte_review.models.arch import ARCHES
from pte_review.models.change_pte_range.call import MPROTECT, PROTECTIONS, UFFD_PROTECT, UFFD_RESOLVE
from pte_review.models.codec import SchemaError, from_json

# Stretches whose entries could not be read before the call: change_huge_pmd(), or the split that comes before it.
WHOLE = {"huge": "huge pages", "split": "huge pages split by the call"}
CALLERS = (MPROTECT, UFFD_PROTECT, UFFD_RESOLVE)


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One call on a running kernel. The address in bytes, the rest in pages of the mapping; entries as runs."""

    kernel: str
    arch: str
    soft_dirty: bool  # CONFIG_MEM_SOFT_DIRTY
    mapping: str
    addr: int  # of the mapping
    pages: int
    caller: str
    protection: str  # of mprotect(): letters of read, write, exec
    first: int  # the pages that the call is on
    end: int
    uffd: bool  # registered with a userfaultfd for write protection, WP_UNPOPULATED
    notified: bool  # the file system has a page_mkwrite()
    tracked: bool  # VM_SOFTDIRTY is clear
    before: Runs
    after: Runs
    vmas: tuple[tuple[int, int, str], ...]  # before the call: first page, end page, permissions as /proc has them
    whole: tuple[tuple[int, int, str], ...]  # first page, end page, what of WHOLE
    folios: tuple[tuple[int, int, bool], ...]  # PFN, order, anonymous
    exclusive: tuple[tuple[int, int], ...]  # PFNs of AnonExclusive pages, each (first, end)
    missing: tuple[str, ...] = ()  # what the recorder did without
    orders: tuple[int, ...] = ()  # of large anonymous folios that were enabled
    seed: int = 0
    number: int = 0  # of the call, from 0: it can be made again by seed and number


def read(path: Path) -> list[ChangeRecord]:
    """The records of a .jsonl or .jsonl.gz file. Raises UsageError: which line, which field, what was expected."""
    return records_of(path, _record)


def _record(data: object) -> ChangeRecord:
    record = from_json(ChangeRecord, data, "record")
    _check(record)
    return record


def _check(record: ChangeRecord) -> None:
    """Raise SchemaError where a field is out of bounds."""
    for name, value, choices in (
        ("arch", record.arch, ARCHES),
        ("caller", record.caller, CALLERS),
        ("protection", record.protection, PROTECTIONS),
        *((f"whole[{i}][2]", how, WHOLE) for i, (*_, how) in enumerate(record.whole)),
    ):
        if value not in choices:
            raise SchemaError(f"record.{name}", f"one of {', '.join(map(repr, choices))}", value)
    check_pages("pages", record.pages)
    check_address("addr", record.addr)
    if not 0 <= record.first < record.end <= record.pages <= MOST_PAGES:
        raise SchemaError("record.first", "a first and an end inside the mapping", [record.first, record.end])
    check_runs("before", record.pages, record.before)
    check_runs("after", record.pages, record.after)
    check_parts("vmas", [(first, end) for first, end, _ in record.vmas], record.pages)
    check_parts("whole", [(first, end) for first, end, _ in record.whole], record.pages)
    check_folios(record.folios, record.exclusive)
