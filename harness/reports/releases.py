# SPDX-License-Identifier: GPL-2.0-only
"""The ledger of releases as text of at most 75 columns."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from pte_review.harness.releases import Entry, Recorded
from pte_review.harness.reports.report import rendered, row, wrapped
from pte_review.harness.reports.surroundings import WIDTH


def releases_table(base: str, entries: Sequence[Entry]) -> str:
    """A row a release; below it what was never varied, by the releases that ask it."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    table.add_column("release", width=9, overflow="fold")
    table.add_column(f"{base} -> its text", overflow="fold")
    table.add_column("scenarios", width=9, justify="right")
    table.add_column("sec", width=4, justify="right")
    notes: dict[tuple[str, ...], list[str]] = {}
    for entry in entries:
        verdict = entry.verdict
        if verdict is None:
            table.add_row(entry.release.number, entry.unread)
            continue
        table.add_row(entry.release.number, row([verdict]).says, f"{verdict.examples:,}", f"{verdict.seconds:.1f}")
        if verdict.never_varied:
            notes.setdefault(verdict.never_varied, []).append(entry.release.number)
    lines = [wrapped(f"never varied in {', '.join(on)}: {', '.join(names)}") for names, on in notes.items()]
    return rendered(table) + "".join(f"{line}\n" for line in lines)


def recorded_line(recorded: Recorded) -> str:
    """How many recorded calls a release's text predicts."""
    return (
        wrapped(f"{recorded.release.number}: {' '.join(recorded.text.splitlines()[-1].split())}")
        if (not recorded.otherwise)
        else recorded.text.rstrip("\n")
    )
