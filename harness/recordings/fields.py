# SPDX-License-Identifier: GPL-2.0-only
"""Checks the fields that records of every function have: files of recordings come from anybody."""

from collections.abc import Sequence

from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SIZE
from pte_review.models.scenario_check import MOST_ORDER

Runs = tuple[tuple[int, int, int], ...]  # first value, count, step in bytes

FILES = ("memfd", "filepriv", "file")  # mappings of files, as the recorder names them

MOST_PAGES = (1 << 20) - 1
MOST_PFN = 1 << 40


def entries(runs: Runs) -> list[int]:
    """Entries, one a page."""
    return [(first + i * step) & ((1 << 64) - 1) for first, count, step in runs for i in range(count)]


def is_word(value: int) -> bool:
    return 0 <= value < 1 << 64


def check_pages(name: str, pages: int) -> None:
    if not 0 < pages <= MOST_PAGES:
        raise SchemaError(f"record.{name}", "1 to 2**20-1 pages", pages)


def check_runs(name: str, pages: int, runs: Runs) -> None:
    for i, (value, count, step) in enumerate(runs):
        if not is_word(value) or count < 1 or count > pages or step not in (0, PAGE_SIZE, -PAGE_SIZE):
            raise SchemaError(f"record.{name}[{i}]", "[raw value, count, step of 0 or one page]", [value, count, step])
    if sum(count for _, count, _ in runs) != pages:
        raise SchemaError(f"record.{name}", f"{pages} entries in all", sum(count for _, count, _ in runs))


def check_address(name: str, value: int) -> None:
    if value < 0 or value % PAGE_SIZE or value >= 1 << 56:
        raise SchemaError(f"record.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**56", value)


def check_parts(name: str, parts: Sequence[tuple[int, int]], limit: int) -> None:
    """Ascending, none empty, none over another."""
    at = 0
    for i, (first, end) in enumerate(parts):
        if not at <= first < end <= limit:
            raise SchemaError(f"record.{name}[{i}]", f"a first and an end from {at} to {limit}", [first, end])
        at = end


def check_folios(folios: Sequence[tuple[int, int, bool]], exclusive: Sequence[tuple[int, int]]) -> None:
    at = 0
    for i, (pfn, order, _) in enumerate(folios):
        if not 0 <= order <= MOST_ORDER or not at <= pfn < MOST_PFN or pfn % (1 << order):
            expected = f"a PFN from {at} up, a multiple of 2**order, and an order up to {MOST_ORDER}"
            raise SchemaError(f"record.folios[{i}]", expected, [pfn, order])
        at = pfn + (1 << order)
    check_parts("exclusive", exclusive, MOST_PFN)
