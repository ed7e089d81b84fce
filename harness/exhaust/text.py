# SPDX-License-Identifier: GPL-2.0-only
"""An exhausted space as text, at most 75 columns, and progress on a terminal's stderr."""

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pte_review.harness.exhaust.result import Result
from pte_review.harness.exhaust.shards import WHOLE
from pte_review.harness.exhaust.state import State
from pte_review.harness.reports.report import NOT_MODELLED, wrapped
from pte_review.harness.verdict import DIVERGES, EQUIVALENT

LONG_RUN = 600.0  # seconds from which on a run says at its beginning how long it takes
MEASURE_FOR = 5.0  # seconds until the rate is known


def space_text(description: str) -> str:
    """What is covered: the count, then a line for each part and dimension."""
    lines = []
    for line in description.splitlines():
        indent = "" if " tables on " in line else "  "
        lines.append(wrapped(line, indent))
    return "\n".join([*lines, wrapped(NOT_MODELLED)]) + "\n"


def result_text(result: Result) -> str:
    """The verdict, how much was looked at, how often the changed path ran."""
    tally, verdict = result.tally, result.verdict
    lines = [wrapped(_headline(result))]
    lines += [wrapped(verdict.why, "  ")] if verdict.why and verdict.verdict == DIVERGES else []
    rate = tally.tables / verdict.seconds if verdict.seconds else 0
    lines.append(
        wrapped(f"{tally.tables:,} tables in {verdict.seconds:.1f} s ({rate:,.0f} a second): {_shares(result)}", "  ")
    )
    if tally.tables:
        ran = (f"{arch} {one.changed:,} of {one.tables:,} tables" for arch, one in result.state.tallies.items())
        lines.append(wrapped(f"changed path: {', '.join(ran)}", "  "))
    if verdict.exercised:
        lines.append(wrapped(f"ran in tables: {_counts(verdict.exercised)}", "  "))
    if verdict.allowed:
        lines.append(wrapped(f"allowed differences, entries: {_counts(verdict.allowed)}", "  "))
    for (kind, by), tables in sorted(_tables_by_kind(result).items(), key=lambda one: -one[1]):
        whose = " (only BASE)" if by == "base" else ""
        lines.append(wrapped(f"{kind}{whose}: {tables:,} tables", "  "))
    return "\n".join(lines) + "\n"


def _headline(result: Result) -> str:
    job, verdict, tally = result.job, result.verdict, result.tally
    if verdict.verdict == EQUIVALENT:
        return (
            f"equivalent: {job.base} and {job.candidate} on {tally.tables:,} tables, contract {job.contract}: all "
            f"tables of {job.entries} {'entry' if job.entries == 1 else 'entries'} over the values, folio layouts, "
            "userfaultfd modes and moves listed above"
        )
    pair = f"{job.base} -> {job.candidate}"
    if verdict.verdict == DIVERGES:
        part = "" if result.state.shard == WHOLE else f", shard {result.state.shard}"
        left = "" if tally.tables == result.total else f" (of {result.total:,}{part})"
        return f"{pair}: DIVERGES on {tally.diverging:,} of {tally.tables:,} tables{left}, contract {job.contract}"
    return f"{pair}: INCONCLUSIVE ({verdict.why}), contract {job.contract}"


def _shares(result: Result) -> str:
    tally = result.tally
    shares = {
        "the same left behind in": tally.equal,
        "allowed differences in": tally.allowed,
        "differing, and wrong alike, in": tally.shared,
        "diverging in": tally.diverging,
        "not decided": tally.undecided,
    }
    return ", ".join(f"{what} {count:,}" for what, count in shares.items() if count) or "none"


def _tables_by_kind(result: Result) -> dict[tuple[str, str], int]:
    return {kind: found.tables for kind, found in result.tally.found.items()}


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def length(seconds: float) -> str:
    """A duration in the unit a person would take."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


class Bar:
    """Tables done, on a terminal's stderr. On any stderr, how long a long run takes, once."""

    def __init__(self, total: int, state: State, where: str) -> None:
        self.console = Console(file=sys.stderr, highlight=False)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} tables"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self.progress = Progress(*columns, console=self.console, disable=not self.console.is_terminal, transient=True)
        self.total, self.tables, self.seconds, self.told = total, state.tables, state.seconds, False
        self.task = self.progress.add_task(where, total=total, completed=state.tables)

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def update(self, state: State) -> None:
        self.progress.update(self.task, completed=state.tables)
        spent = state.seconds - self.seconds
        if self.told or spent < MEASURE_FOR:
            return
        self.told = True
        rate = (state.tables - self.tables) / spent
        left = (self.total - state.tables) / rate if rate else 0
        if left >= LONG_RUN:
            text = f"{rate:,.0f} tables a second: about {length(left)} more; Ctrl-C stops, the same command goes on"
            self.progress.console.print(f"pte-review: {text}", soft_wrap=True)
