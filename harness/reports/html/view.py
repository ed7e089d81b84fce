# SPDX-License-Identifier: GPL-2.0-only
"""What the templates are given: plain values, worked out here so that a template only places them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.printable import printable
from pte_review.harness.reports.html.cells import Cell, CellRow, cell, rows_of
from pte_review.harness.reports.html.walk import MOST_STEPS, Step, steps_of
from pte_review.harness.reports.report import pictured, row, verdict_lines
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.reports.surroundings import surroundings
from pte_review.harness.verdict import Divergence
from pte_review.models.entry import show
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario


@dataclass(frozen=True)
class ShownRow:
    """One entry in all columns: before, and after each version."""

    label: str
    cells: tuple[Cell, ...]
    differs: bool


@dataclass(frozen=True)
class ShownStep:
    """One step in words: `changes` are lines, `state` the number of the cell in each row, for the walk."""

    text: str
    others: bool
    notes: tuple[str, ...]
    changes: tuple[str, ...]
    tlb: tuple[str, ...]
    state: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One counterexample."""

    anchor: str
    divergence: Divergence
    where: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    left_out: int
    folios: tuple[tuple[int, str], ...]  # colour and what it is
    walks: tuple[tuple[str, tuple[ShownStep, ...], int], ...]  # a version: its steps, and how many more there are
    walk_data: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Section:
    """One verdict with its counterexamples."""

    anchor: str
    name: str  # the pair, and what tells it from the others on the page
    reviewed: Reviewed
    says: str
    tables: str
    lines: tuple[str, ...]
    described: tuple[str, ...]
    kinds: tuple[tuple[str, str, str, tuple[str, ...], str], ...]  # kind, severity, whose, by architecture, anchor
    cases: tuple[Case, ...]


def section(reviewed: Reviewed, number: int, note: str = "") -> Section:
    """The view of one verdict. `number` keeps its anchors apart from those of others on the page, `note` its name."""
    verdict = reviewed.verdict
    anchor, shown = f"v{number}", row([verdict])
    pictures = pictured(verdict, reviewed.subject.words, verdict.divergences)
    cases = tuple(_case(reviewed, f"{anchor}-{i}", text, same) for i, (text, same) in enumerate(pictures, 1))
    anchors = {id(d): case.anchor for case, (_, same) in zip(cases, pictures, strict=True) for d in same}
    return Section(
        anchor,
        f"{verdict.base} \u2192 {verdict.candidate}" + (f" ({note})" if note else ""),
        reviewed,
        shown.says,
        shown.tables,
        tuple(verdict_lines(verdict).splitlines()),
        tuple(reviewed.text.describe()),
        _kinds(reviewed, anchors),
        cases,
    )


def _kinds(reviewed: Reviewed, anchors: dict[int, str]) -> tuple[tuple[str, str, str, tuple[str, ...], str], ...]:
    verdict = reviewed.verdict
    rows: dict[tuple[str, str], list[Divergence]] = {}
    for divergence in verdict.divergences:
        rows.setdefault((divergence.kind, divergence.by), []).append(divergence)
    return tuple(
        (
            kind,
            shown[0].severity,
            Path(verdict.base if by == "base" else verdict.candidate).name,
            tuple(
                next((f"scenario {d.examples_to_find}" for d in shown if d.arch == arch), "") for arch in verdict.arches
            ),
            anchors[id(shown[0])],
        )
        for (kind, by), shown in rows.items()
    )


def _case(reviewed: Reviewed, anchor: str, text: str, same: Sequence[Divergence]) -> Case:
    divergence = same[0].scaled or same[0]
    scenario, comparison = divergence.scenario, divergence.comparison
    assert comparison is not None, "a divergence out of a file: replay it first"
    outcomes = (comparison.base, comparison.candidate)
    names = tuple(Path(name).name for name in (reviewed.verdict.base, reviewed.verdict.candidate))
    rows, left_out = rows_of(scenario, outcomes)
    cells: list[Cell] = []
    walks = tuple((name, *_walk(scenario, outcome, rows, cells)) for name, outcome in zip(names, outcomes, strict=True))
    return Case(
        anchor,
        divergence,
        "; ".join(f"{d.arch}, scenario {d.examples_to_find}" for d in same),
        _facts(reviewed, divergence, scenario, same[0]),
        ("before", *names),
        tuple(_row(scenario, each, outcomes) for each in rows),
        left_out,
        _folios(scenario, rows, outcomes),
        walks,
        _walk_data(rows, cells, walks),
        printable(text),
    )


def _facts(
    reviewed: Reviewed, divergence: Divergence, scenario: Scenario, real: Divergence
) -> tuple[tuple[str, str], ...]:
    facts = [("case", "\n".join(surroundings(scenario, reviewed.subject.words)))]
    facts += [("caused by", divergence.cause)] if divergence.cause else []
    facts += [("line", real.line or divergence.line)] if real.line or divergence.line else []
    facts.append(("reach", divergence.reach))
    if real is not divergence:
        small, large = scenario.config.cont_ptes, real.scenario.config.cont_ptes
        facts.append(("scaled", f"CONT_PTES is {small} here; with {large}, as with 4K pages, it is longer"))
    return tuple((label, printable(text)) for label, text in facts)


def _row(scenario: Scenario, each: CellRow, outcomes: Sequence[Outcome]) -> ShownRow:
    values = [outcome.tables[each.table][each.entry] for outcome in outcomes]
    before = scenario.whole_tables[each.table][each.entry]
    return ShownRow(each.label, tuple(cell(scenario, value) for value in (before, *values)), len(set(values)) > 1)


def _folios(scenario: Scenario, rows: Sequence[CellRow], outcomes: Sequence[Outcome]) -> tuple[tuple[int, str], ...]:
    """The folios that are in sight, by colour."""
    shown = {cell.folio for each in rows for cell in _row(scenario, each, outcomes).cells}
    named = []
    for number, folio in enumerate(scenario.folios):
        probe = Cell("", folio=1 + number % 6)
        if probe.folio in shown:
            size = f"{folio.pfn:#x}-{folio.end - 1:#x}, order {folio.order}" if folio.order else f"{folio.pfn:#x}"
            named.append((probe.folio, f"folio {size}, {'anon' if folio.anon else 'file'}"))
    return tuple(named[:12])


def _walk(
    scenario: Scenario, outcome: Outcome, rows: Sequence[CellRow], cells: list[Cell]
) -> tuple[tuple[ShownStep, ...], int]:
    """The steps of one run; distinct cells are added to `cells`."""
    memory = {
        scenario.places.ptep(number, entry): pte
        for number, table in enumerate(scenario.whole_tables)
        for entry, pte in enumerate(table)
    }
    steps = steps_of(scenario, outcome)
    shown = []
    for step in steps[:MOST_STEPS]:
        lines = tuple(_change(scenario, ptep, memory, pte) for ptep, pte in step.changes.items())
        memory.update(step.changes)
        state = tuple(_number(cells, cell(scenario, memory[scenario.places.ptep(r.table, r.entry)])) for r in rows)
        shown.append(_step(step, lines, state))
    return tuple(shown), max(0, len(steps) - MOST_STEPS)


def _step(step: Step, changes: tuple[str, ...], state: tuple[int, ...]) -> ShownStep:
    notes = tuple(dict.fromkeys(map(printable, step.notes)))
    return ShownStep(printable(step.text), step.others, notes, changes, step.tlb, state)


def _change(scenario: Scenario, ptep: int, memory: dict[int, int], pte: int) -> str:
    before = show(scenario.words, memory.get(ptep, 0))
    return f"{scenario.places.label(ptep)}: {before} \u2192 {show(scenario.words, pte)}"


def _number(cells: list[Cell], wanted: Cell) -> int:
    if wanted not in cells:
        cells.append(wanted)
    return cells.index(wanted)


def _walk_data(
    rows: Sequence[CellRow], cells: Sequence[Cell], walks: Sequence[tuple[str, tuple[ShownStep, ...], int]]
) -> dict[str, Any]:
    """What the walk's script reads."""
    return {
        "rows": [each.label for each in rows],
        "cells": [{"head": c.head, "bits": c.bits, "folio": c.folio, "cont": c.cont} for c in cells],
        "walks": [
            {
                "name": name,
                "steps": [
                    {
                        "text": step.text,
                        "others": step.others,
                        "notes": step.notes,
                        "tlb": step.tlb,
                        "state": step.state,
                    }
                    for step in steps
                ],
            }
            for name, steps, _ in walks
        ],
    }
