# SPDX-License-Identifier: GPL-2.0-only
"""The tables of a counterexample as rows of cells: what an entry stands for, its bits, its folio, its contpte block."""

from collections.abc import Sequence
from dataclasses import dataclass

from pte_review.models.entry import show
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario

MOST_ROWS = 48  # of one counterexample; of more, those that differ or change are shown
COLOURS = 6  # of folios, which the style sheet has


@dataclass(frozen=True)
class Cell:
    """One entry. `folio` is the number of its folio's colour from 1, 0 for none."""

    head: str
    bits: tuple[str, ...] = ()
    folio: int = 0
    cont: bool = False
    raw: str = ""


@dataclass(frozen=True)
class CellRow:
    """One entry of a range, by number of its table and entry index."""

    label: str
    table: int
    entry: int


def cell(scenario: Scenario, pte: int) -> Cell:
    """The entry for people; its words are those of every other report."""
    words = scenario.words
    shown = show(words, pte).split(" ")
    heads = 1 if shown[0].startswith("pfn=") or len(shown) == 1 else 2
    if words.pte_none(pte):
        return Cell(" ".join(shown), raw=f"{pte:#x}")
    folio = 0
    if words.pte_present(pte):
        starts = [folio.pfn for folio in scenario.folios]
        owner = scenario.folio_of(words.pte_pfn(pte))
        folio = 1 + starts.index(owner.pfn) % COLOURS if owner is not None else 0
    return Cell(" ".join(shown[:heads]), tuple(shown[heads:]), folio, "CONT" in shown, f"{pte:#x}")


def rows_of(scenario: Scenario, outcomes: Sequence[Outcome]) -> tuple[list[CellRow], int]:
    """The rows to show and how many are left out: all of the ranges, and what else is or was in their tables."""
    tables = [scenario.whole_tables, *(outcome.tables for outcome in outcomes)]
    rows = []
    for number in range(len(scenario.tables)):
        in_ranges = {entry for where in scenario.ranges if where.table == number for entry in where.entries}
        for entry in range(scenario.config.ptrs_per_pte):
            if entry in in_ranges or any(state[number][entry] for state in tables):
                label = scenario.places.label(scenario.places.ptep(number, entry))
                rows.append(CellRow(label, number, entry))
    if len(rows) <= MOST_ROWS:
        return rows, 0
    telling = [row for row in rows if len({state[row.table][row.entry] for state in tables[1:]}) > 1]
    kept = set(map(id, (telling + [row for row in rows if row not in telling])[:MOST_ROWS]))
    return [row for row in rows if id(row) in kept], len(rows) - len(kept)
