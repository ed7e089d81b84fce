# SPDX-License-Identifier: GPL-2.0-only
"""How soon the known bugs are found, as text of at most 75 columns."""

import math
from collections.abc import Sequence
from statistics import median

from rich import box
from rich.table import Table

from pte_review.harness.known import Hunted
from pte_review.harness.reports.report import rendered, wrapped
from pte_review.harness.reports.surroundings import WIDTH

BUG_AND_KIND, KIND = 36, 17  # width of two columns, and what the kinds have of it at least
NUMBER_COLUMNS = (("examples", 11), ("sec", 4))  # columns and their widths


def history_text(rows: Sequence[Hunted], seeds: int, max_examples: int) -> str:
    """The table, what its columns say, and how many rows were found in every hunt."""
    hunted = [row for row in rows if row.counts]
    found_by_all = sum(row.found_by_all for row in hunted)
    seconds = sum(sum(row.seconds) for row in rows)
    return "\n".join(
        [
            history_table(rows, max_examples),
            wrapped(
                "examples: scenarios until it was first seen, median (least-most) of all seeds on all architectures "
                "that have the bug; sec: seconds until then, generating and running, median"
            ),
            wrapped(f"{len(hunted)} rows, {found_by_all} found with every seed, 0-{seeds - 1}; {seconds:.0f} s") + "\n",
        ]
    )


def history_table(rows: Sequence[Hunted], max_examples: int) -> str:
    """A row a bug. Its last column, the seconds, is the only one that is not the same every time."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    kind_width = max([KIND, *(len(row.bug.kind) for row in rows)])
    for name, width in (("bug", BUG_AND_KIND - kind_width), ("fixed by", 12), ("found as", kind_width)):
        table.add_column(name, width=width, overflow="fold")
    for name, width in NUMBER_COLUMNS:
        table.add_column(name, width=width, justify="right", overflow="fold")
    for row in rows:
        bug, seconds = row.bug, median(row.seconds) if row.seconds else 0
        shown = "" if not row.seconds else f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"
        table.add_row(bug.title, bug.fixed_by, bug.kind, examples(row, max_examples), shown)
    return rendered(table)


def examples(row: Hunted, max_examples: int) -> str:
    """`7 (1-31)`; a hunt that found nothing is `1000+`, a bug that was not hunted says where it is to be found."""
    if not row.counts:
        return f"{' '.join(row.bug.arches)} only"
    shown = [f"{max_examples}+" if math.isinf(value) else f"{value:g}" for value in row.typical]
    return "{} ({}-{})".format(*shown)
