# SPDX-License-Identifier: GPL-2.0-only
"""Access to the entries of a scenario's tables, by number: for the steps that make scenarios simpler."""

from collections.abc import Callable
from dataclasses import replace

from pte_review.models.scenario import PageRanges, Scenario
from pte_review.models.tables import Entries

FIRST_PFN = 0x100  # where simple scenarios have their pages
Change = Callable[[int], int]  # of a present entry


def with_changed(scenario: Scenario, change: Change, where: tuple[int, int] | None) -> Scenario:
    """`change` applied to the present entries, or to the one that is `where`: (table, place among its entries)."""
    present = scenario.words.pte_present

    def changed(number: int, entries: Entries) -> Entries:
        return tuple(
            (i, change(pte) if present(pte) and where in (None, (number, at)) else pte)
            for at, (i, pte) in enumerate(entries)
        )

    return with_entries(scenario, changed)


def with_entries(scenario: Scenario, changed: Callable[[int, Entries], Entries]) -> Scenario:
    """Every table with the entries that `changed` makes of its number and its entries."""
    tables = (replace(table, entries=changed(i, table.entries)) for i, table in enumerate(scenario.tables))
    return replace(scenario, tables=tuple(tables))


def with_entry(scenario: Scenario, number: int, at: int, pte: int) -> Scenario:
    """The entry at place `at` among those of a table replaced by `pte`."""
    entries = scenario.tables[number].entries
    return with_table(scenario, number, (*entries[:at], (entries[at][0], pte), *entries[at + 1 :]))


def with_table(scenario: Scenario, number: int, entries: Entries) -> Scenario:
    """Table `number` with these entries."""
    return with_entries(scenario, lambda i, before: entries if i == number else before)


def present_ptes(scenario: Scenario) -> list[int]:
    """The present entries of all tables."""
    return [pte for table in scenario.tables for _, pte in table.entries if scenario.words.pte_present(pte)]


def cut_pages(pages: PageRanges, offset: int, size: int) -> PageRanges:
    """What of `pages` lies in a part of the folio: `size` pages from `offset` on."""
    return tuple(
        (max(first - offset, 0), min(end - offset, size))
        for first, end in pages
        if first < offset + size and end > offset
    )
