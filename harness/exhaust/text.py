# SPDX-License-Identifier: GPL-2.0-only
"""An exhausted space as text, at most 75 columns."""

from collections.abc import Mapping

from pte_review.harness.exhaust.result import Result
from pte_review.harness.exhaust.shards import WHOLE
from pte_review.harness.reports.report import NOT_MODELLED, fixes_text, wrapped
from pte_review.harness.verdict import DIVERGES, EQUIVALENT, FIXES


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
    lines += [wrapped(f"also fixes: {', '.join(verdict.fixed)}", "  ")] if verdict.added and verdict.fixed else []
    rate = tally.tables / verdict.seconds if verdict.seconds else 0
    lines.append(
        wrapped(f"{tally.tables:,} tables in {verdict.seconds:.1f} s ({rate:,.0f} a second): {_shares(result)}", "  ")
    )
    if tally.tables:
        ran = (f"{arch} {tally.changed:,} of {tally.tables:,} tables" for arch, tally in result.state.tallies.items())
        lines.append(wrapped(f"changed path: {', '.join(ran)}", "  "))
    if verdict.exercised:
        lines.append(wrapped(f"ran in tables: {_counts(verdict.exercised)}", "  "))
    if verdict.allowed:
        lines.append(wrapped(f"allowed differences, entries: {_counts(verdict.allowed)}", "  "))
    if verdict.never_varied:
        lines.append(wrapped(f"never varied: {', '.join(verdict.never_varied)}", "  "))
    for (kind, by), tables in sorted(_tables_by_kind(result).items(), key=lambda item: -item[1]):
        whose = " (BASE only)" if by == "base" else ""
        lines.append(wrapped(f"{kind}{whose}: {tables:,} tables", "  "))
    return "\n".join(lines) + "\n"


def _headline(result: Result) -> str:
    job, verdict, tally = result.job, result.verdict, result.tally
    if verdict.verdict == EQUIVALENT:
        return (
            f"equivalent: {job.base} and {job.candidate} on {tally.tables:,} tables, contract {job.contract}: all "
            f"tables of {job.entries} {'entry' if job.entries == 1 else 'entries'} over the values, folio layouts, "
            "VMAs and places listed above"
        )
    pair = f"{job.base} -> {job.candidate}"
    if verdict.verdict == DIVERGES:
        part = "" if result.state.shard == WHOLE else f", shard {result.state.shard}"
        of_total = "" if tally.tables == result.total else f" (of {result.total:,}{part})"
        return f"{pair}: DIVERGES on {tally.diverging:,} of {tally.tables:,} tables{of_total}, contract {job.contract}"
    if verdict.verdict == FIXES:
        where = f"{tally.diverging:,} of {tally.tables:,} tables"
        return f"{pair}: {fixes_text([verdict])} on {where}; nothing new, contract {job.contract}"
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
    return {kind: count.tables for kind, count in result.tally.by_kind.items()}


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
