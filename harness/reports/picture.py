# SPDX-License-Identifier: GPL-2.0-only
"""A divergence as plain text that can go into a mail: both tables before and after, per version, at most 75 columns."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from pte_review.harness.reports.surroundings import labelled, surroundings, wrapped
from pte_review.harness.side_by_side import Comparison
from pte_review.harness.subject import Words
from pte_review.harness.verdict import Divergence
from pte_review.models.entry import show
from pte_review.models.outcome import RETURNED
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Range

SHOWN_BITS = 6
SHOWN_ROWS = 24  # of a table; the rest is counted


def picture(divergence: Divergence, base: str, candidate: str, words: Words) -> str:
    """The whole picture of one divergence that has just been run. `words` are the subject's."""
    where = f"{divergence.arch}, scenario {divergence.examples_to_find}"
    return headed(divergence, base, candidate, where, body(divergence, base, candidate, words))


def headed(divergence: Divergence, base: str, candidate: str, where: str, text: str) -> str:
    """`text` under the headline of a divergence found at `where`."""
    whose = ", BASE only" if divergence.by == "base" else ""
    head = [f"{divergence.kind} ({divergence.severity}){whose}", *wrapped(f"{base} -> {candidate}, {where}")]
    return "\n".join(head) + "\n\n" + text


def body(divergence: Divergence, base: str, candidate: str, words: Words) -> str:
    """Sentence, surroundings, tables, cause and reach: the same text where two architectures show the same.

    What is shown is the case with scaled down contpte blocks where there is one; then the real one follows.
    """
    small = divergence.scaled or divergence
    parts = [
        *wrapped(small.summary),
        "",
        *_state(small, base, candidate, words),
        "",
        *_differences(small),
        *([*labelled("by", small.cause)] if small.cause else []),
        *labelled("reach", divergence.reach),
        *(_real(divergence, small.scenario, base, candidate, words) if divergence.scaled else []),
    ]
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _state(divergence: Divergence, base: str, candidate: str, words: Words) -> list[str]:
    """Surroundings and tables."""
    scenario, comparison = divergence.scenario, divergence.comparison
    assert comparison is not None, "a divergence out of a file: replay it first"
    return [
        *surroundings(scenario, words),
        "",
        *_tables(scenario, [("before", comparison.promise.before), *_after(base, candidate, comparison)]),
        *_endings(base, candidate, comparison),
    ]


def _real(divergence: Divergence, small: Scenario, base: str, candidate: str, words: Words) -> list[str]:
    """The same with contpte blocks as a kernel has them: shown, or only counted where it is longer than a screen."""
    real = divergence.scenario
    what = f"above, CONT_PTES is {small.config.cont_ptes}; with {real.config.cont_ptes}, as with 4K pages"
    saved = "--json and --save have it"
    length = sum(len(_entries(real, where, [real.whole_tables[where.table]])) for where in real.ranges)
    if length > SHOWN_ROWS:
        return labelled("real", f"{what}, the same takes {length} rows: {saved}")
    return [*labelled("real", f"{what}: {saved}"), "", *_state(divergence, base, candidate, words)]


def _differences(divergence: Divergence) -> list[str]:
    """Bits of an entry that is the same one in both; where it is another entry the table above says more."""
    other = {path.partition(".")[0] for path, _, _ in divergence.difference if path.endswith(".kind")}
    shown = [
        f"{path} {base} -> {candidate}"
        for path, base, candidate in divergence.difference
        if "-" not in (base, candidate) and path.partition(".")[0] not in other and "[" in path
    ]
    rest = [f"and {len(shown) - SHOWN_BITS} more"] if len(shown) > SHOWN_BITS else []
    return labelled("bits", ", ".join(shown[:SHOWN_BITS] + rest)) if shown else []


# -- the tables

Tables = Sequence[Sequence[int]]  # raw values, by table number and entry index
Row = tuple[str, str, int, list[str]]  # mark, label, slot, cells


def _after(base: str, candidate: str, comparison: Comparison) -> list[tuple[str, Tables]]:
    return [(Path(base).name, comparison.base.tables), (Path(candidate).name, comparison.candidate.tables)]


def _tables(scenario: Scenario, columns: Sequence[tuple[str, Tables]]) -> list[str]:
    """A row an entry, range after range; a column for each of `columns`, the first of which is what was before."""
    rows = [row for where in scenario.ranges for row in _rows(scenario, where, [tables for _, tables in columns])]
    marked = {slot for mark, _, slot, _ in rows if mark}
    shown = rows if len(rows) <= SHOWN_ROWS else _telling(rows, marked)
    lines = _row("", "", [name for name, _ in columns])
    for mark, label, _, cells in shown:
        lines += _row(mark, label, cells)
    if len(shown) < len(rows):
        lines.append(f"  ({len(rows) - len(shown)} more entries)")
    return lines


def _rows(scenario: Scenario, where: Range, columns: Sequence[Tables]) -> Iterator[Row]:
    tables = [tables[where.table] for tables in columns]
    for entry in _entries(scenario, where, tables):
        values = [table[entry] for table in tables]
        mark = ">" if len(set(values[1:])) > 1 else ""
        slot = entry - where.first
        yield mark, f"{where.name}[{slot}]", slot, [show(scenario.words, value) for value in values]


def _entries(scenario: Scenario, where: Range, tables: Sequence[Sequence[int]]) -> list[int]:
    """The entries of the range, and with the first range of a table whatever else is or was in the table."""
    around: set[int] = set()
    if where == next(other for other in scenario.ranges if other.table == where.table):
        others = {i for other in scenario.ranges if other.table == where.table for i in other.entries}
        around = {i for i in range(len(tables[0])) if i not in others and any(table[i] for table in tables)}
    return sorted({*where.entries, *around})


def _telling(rows: Sequence[Row], marked: set[int]) -> list[Row]:
    """The rows of a long range that say what happened: the first slots that differ, and each one before."""
    wanted = {slot for at in sorted(marked)[: SHOWN_ROWS // 4] for slot in (at - 1, at)}
    return [row for row in rows if row[2] in wanted]


def _endings(base: str, candidate: str, comparison: Comparison) -> list[str]:
    """How a run ended that did not return."""
    outcomes = ((base, comparison.base), (candidate, comparison.candidate))
    return [f"  ({name} ended: {outcome.ended})" for name, outcome in outcomes if outcome.ended != RETURNED]


def _row(mark: str, label: str, cells: Sequence[str]) -> list[str]:
    """One row: the state before, and a column for each version; a cell that is too wide goes on below."""
    widths = (20, *(21 for _ in cells[1:]))
    columns = [
        textwrap.wrap(cell, width, break_long_words=True) or [""] for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for i in range(max(map(len, columns))):
        texts = [column[i] if i < len(column) else "" for column in columns]
        label_column = f"{mark:<2}{label:<9}" if i == 0 else " " * 11
        lines.append(label_column + " ".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)))
    return lines
