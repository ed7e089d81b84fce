# SPDX-License-Identifier: GPL-2.0-only
"""What a record may hold: files of recordings come from anybody."""

from typing import TYPE_CHECKING

from pte_review.models.arch import ARCHES
from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SIZE

if TYPE_CHECKING:
    from pte_review.harness.subjects.move_ptes.recordings.recording import Record

Runs = tuple[tuple[int, int, int], ...]  # first value, count, step in bytes

# What moved where move_ptes() was not called: move_normal_pmd() and move_normal_pud(); move_huge_pmd(); or a huge page
# that mremap() split first, so that what move_ptes() found was never read.
WHOLE = {"table": "whole page tables", "huge": "huge pages", "split": "huge pages split by the call"}
MOST_PAGES = (1 << 20) - 1
MOST_PFN = 1 << 40
MOST_ORDER = 18


def check_record(record: "Record") -> None:
    """Raise SchemaError where a field of `record` is out of bounds."""
    if record.arch not in ARCHES:
        raise SchemaError("record.arch", f"one of {', '.join(ARCHES)}", record.arch)
    if record.subset not in ("", "pagemap"):
        raise SchemaError("record.subset", "pagemap, or nothing", record.subset)
    for name, pages in (("pages", record.pages), ("new_pages", record.new_pages)):
        if not 0 < pages <= MOST_PAGES:
            raise SchemaError(f"record.{name}", "1 to 2**20-1 pages", pages)
    _check_runs("before", record.pages, record.before)
    _check_runs("after", record.new_pages, record.after)
    if record.behind:
        _check_runs("behind", record.pages, record.behind)
    _check_address("old_addr", record.old_addr)
    _check_address("new_addr", record.new_addr)
    for i, (address, before, after) in enumerate(record.beside):
        _check_address(f"beside[{i}][0]", address)
        if not (_is_word(before) and _is_word(after)):
            raise SchemaError(f"record.beside[{i}]", "an address and two raw values", [address, before, after])
    _check_parts("vmas", [(first, end) for first, end, _ in record.vmas], record.pages)
    _check_parts("whole", [(first, end) for first, end, _ in record.whole or ()], record.moved)
    for i, (*_, how) in enumerate(record.whole or ()):
        if how not in WHOLE:
            raise SchemaError(f"record.whole[{i}][2]", f"one of {', '.join(WHOLE)}", how)
    _check_folios(record)


def _is_word(value: int) -> bool:
    return 0 <= value < 1 << 64


def _check_runs(name: str, pages: int, runs: Runs) -> None:
    for i, (value, count, step) in enumerate(runs):
        if not _is_word(value) or count < 1 or count > pages or step not in (0, PAGE_SIZE, -PAGE_SIZE):
            raise SchemaError(f"record.{name}[{i}]", "[raw value, count, step of 0 or one page]", [value, count, step])
    if sum(count for _, count, _ in runs) != pages:
        raise SchemaError(f"record.{name}", f"{pages} entries in all", sum(count for _, count, _ in runs))


def _check_address(name: str, value: int) -> None:
    if value < 0 or value % PAGE_SIZE or value >= 1 << 56:
        raise SchemaError(f"record.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**56", value)


def _check_parts(name: str, parts: list[tuple[int, int]], limit: int) -> None:
    """Ascending, none empty, none over another."""
    at = 0
    for i, (first, end) in enumerate(parts):
        if not at <= first < end <= limit:
            raise SchemaError(f"record.{name}[{i}]", f"a first and an end from {at} to {limit}", [first, end])
        at = end


def _check_folios(record: "Record") -> None:
    at = 0
    for i, (pfn, order, _) in enumerate(record.folios or ()):
        if not 0 <= order <= MOST_ORDER or not at <= pfn < MOST_PFN or pfn % (1 << order):
            expected = f"a PFN from {at} up, a multiple of 2**order, and an order up to {MOST_ORDER}"
            raise SchemaError(f"record.folios[{i}]", expected, [pfn, order])
        at = pfn + (1 << order)
    _check_parts("exclusive", list(record.exclusive), MOST_PFN)
