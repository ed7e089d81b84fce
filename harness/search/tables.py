# SPDX-License-Identifier: GPL-2.0-only
"""Access to the entries of a scenario's two tables, by name: for the steps that make scenarios simpler."""

from collections.abc import Callable
from dataclasses import replace

from pte_review.models.scenario import Entries, Ranges, Scenario

TABLES = ("old", "new")
FIRST_PFN = 0x100  # where simple scenarios have their pages
Change = Callable[[int], int]  # of a present entry


def with_changed(s: Scenario, change: Change, where: tuple[str, int] | None) -> Scenario:
    """`change` applied to the present entries, or to the one that is `where` in its table."""

    def table(name: str, entries: Entries) -> Entries:
        return tuple(
            (i, change(pte) if s.words.pte_present(pte) and where in (None, (name, at)) else pte)
            for at, (i, pte) in enumerate(entries)
        )

    return replace(s, old_table=table("old", s.old_table), new_table=table("new", s.new_table))


def with_entry(s: Scenario, name: str, at: int, pte: int) -> Scenario:
    entries = table_of(s, name)
    return with_table(s, name, (*entries[:at], (entries[at][0], pte), *entries[at + 1 :]))


def table_of(s: Scenario, name: str) -> Entries:
    return s.old_table if name == "old" else s.new_table


def with_table(s: Scenario, name: str, entries: Entries) -> Scenario:
    return replace(s, old_table=entries) if name == "old" else replace(s, new_table=entries)


def cut_pages(pages: Ranges, offset: int, size: int) -> Ranges:
    return tuple(
        (max(first - offset, 0), min(end - offset, size))
        for first, end in pages
        if first < offset + size and end > offset
    )
