# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts as text: the matrix, one verdict with its pictures. Reads verdicts, computes nothing.

Everything fits 75 columns and is plain ASCII, to go into a mail as it is.
"""

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from pte_review.harness.judging.contracts import DEFAULT_CONTRACT
from pte_review.harness.judging.kinds import rank
from pte_review.harness.reports.picture import body, headed
from pte_review.harness.reports.surroundings import WIDTH
from pte_review.harness.subject import Words
from pte_review.harness.verdict import DIVERGES, FIXES, INCONCLUSIVE, Divergence, Verdict, added_kinds, fixed_kinds

NOT_MODELLED = "not modelled: s390, powerpc, sparc64, riscv, loongarch, 32-bit, 16K and 64K pages"
SAYS = {DIVERGES: "DIVERGES", INCONCLUSIVE: "INCONCLUSIVE"}


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)


# -- the matrix


class Row(NamedTuple):
    """One verdict in the matrix. `note` is empty, or says whether the verdict is the known one."""

    pair: str
    tables: str
    says: str
    note: str = ""


def row(verdicts: Sequence[Verdict], note: str = "") -> Row:
    """The row of one pair, from its verdicts on one or several architectures."""
    first = verdicts[0]
    tables = "legal" if first.hostile is None else f"hostile: {first.hostile}"
    if first.contract != DEFAULT_CONTRACT:
        tables += f", contract {first.contract}"
    return Row(f"{first.base} -> {first.candidate}", tables, _says(verdicts), note)


def _says(verdicts: Sequence[Verdict]) -> str:
    whys = [verdict.why for verdict in verdicts if verdict.verdict == INCONCLUSIVE]
    if whys:
        return f"inconclusive: {'; '.join(whys)}"
    arches = {arch for verdict in verdicts for arch in verdict.arches}
    divergences = [divergence for verdict in verdicts for divergence in verdict.divergences]
    if not divergences:
        return "no difference found"
    by_kind: dict[tuple[str, str], list[str]] = {}
    for divergence in divergences:
        on = by_kind.setdefault((divergence.kind, divergence.by), [])
        if divergence.arch not in on:
            on.append(divergence.arch)
    fixed = _fixed(verdicts)
    if not added_kinds(divergences):
        return fixes_text(verdicts, {kind: _on(on, arches) for (kind, _), on in by_kind.items()})
    shown = [
        kind + _on(on, arches, *(["BASE only"] if by == "base" else []))
        for (kind, by), on in sorted(by_kind.items(), key=lambda item: (rank(item[0][0]), item[0][1]))
        if kind not in fixed
    ]
    also = [kind + _on(by_kind[kind, "base"], arches) for kind in fixed]
    return ", ".join(shown) + (f"; also fixes: {', '.join(also)}" if also else "")


def _on(on: Sequence[str], arches: set[str], *notes: str) -> str:
    """What stands in brackets behind a kind: notes, and the architectures where they are not all."""
    inside = [*notes, *([] if set(on) == arches else on)]
    return f" ({', '.join(inside)})" if inside else ""


def _fixed(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The kinds that are fixed on all architectures together."""
    shared = [entry.kind for verdict in verdicts for entry in verdict.shared]
    return fixed_kinds([divergence for verdict in verdicts for divergence in verdict.divergences], shared)


def fixes_text(verdicts: Sequence[Verdict], notes: Mapping[str, str] | None = None) -> str:
    """What a candidate that adds nothing fixes; `notes` are put behind the kinds."""
    fixed = _fixed(verdicts)
    of_base = sorted({d.kind for verdict in verdicts for d in verdict.divergences}, key=rank)
    rest = [f"{kind}{(notes or {}).get(kind, '')}" for kind in of_base if kind not in fixed]
    parts = [", ".join(f"{kind}{(notes or {}).get(kind, '')}" for kind in fixed)] if fixed else []
    parts += [f"in part {', '.join(rest)}"] if rest else []
    return f"FIXES {'; '.join(parts)}"


def rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """A row a pair and contract, whichever architectures the verdicts are about."""
    grouped: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in verdicts:
        key = (verdict.hostile or "", verdict.contract, verdict.base, verdict.candidate)
        grouped.setdefault(key, []).append(verdict)
    return [row(grouped[key]) for key in sorted(grouped)]


def matrix(shown: Iterable[Row]) -> str:
    """The rows as a table, a section for each kind of table."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    noted = list(shown)
    table.add_column("base -> candidate", width=33, overflow="fold")
    table.add_column("kinds of divergence", overflow="fold")
    if any(row.note for row in noted):
        table.add_column("", width=10)
    tables = ""
    for entry in noted:
        if entry.tables != tables:
            if tables:
                table.add_section()
            tables = entry.tables
            table.add_row(tables)
        cells = [f"  {entry.pair}", entry.says, *([entry.note] if entry.note else [])]
        table.add_row(*cells)
    return rendered(table)


def rendered(table: Table) -> str:
    """A rich table as plain lines without trailing blanks."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


# -- one verdict


def verdict_lines(verdict: Verdict) -> str:
    """What was found, and how much was looked at: without the pictures."""
    text = SAYS.get(verdict.verdict, "no difference found")
    if verdict.verdict == FIXES:
        text = f"{fixes_text([verdict])}; nothing new"
    tables = f"hostile: {verdict.hostile}" if verdict.hostile else "legal tables"
    lines = [
        wrapped(f"{verdict.base} -> {verdict.candidate}: {text}" + (f" ({verdict.why})" if verdict.why else "")),
        wrapped(f"{tables}, contract {verdict.contract}, {' and '.join(verdict.arches)}; {NOT_MODELLED}", "  "),
        wrapped(
            f"{verdict.examples:,} scenarios in {verdict.seconds:.1f} s, seed {verdict.seed}; changed path: "
            + ", ".join(
                f"{arch} {n:,} of {verdict.scenarios[arch]:,} scenarios" for arch, n in verdict.changed.items()
            ),
            "  ",
        ),
    ]
    if verdict.added and verdict.fixed:
        lines.insert(1, wrapped(f"also fixes: {', '.join(verdict.fixed)}", "  "))
    if verdict.exercised:
        lines.append(wrapped("ran in scenarios: " + _counts(verdict.exercised.items()), "  "))
    if verdict.allowed:
        lines.append(wrapped("allowed differences, entries: " + _counts(verdict.allowed.items()), "  "))
    if verdict.never_varied:
        lines.append(wrapped(f"never varied: {', '.join(verdict.never_varied)}", "  "))
    if verdict.shared:
        lines.append(
            wrapped(
                "shared by both versions, scenarios: " + _counts((s.kind, s.examples) for s in verdict.shared), "  "
            )
        )
    return "\n".join(lines) + "\n"


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts)


def pictures(verdict: Verdict, words: Words) -> list[str]:
    """A picture for each divergence; one for both architectures where they show the same. `words` are the subject's."""
    return [picture.text for picture in pictured(verdict, words, verdict.divergences)]


class Picture(NamedTuple):
    """A picture, and the divergences that it shows: the same on each architecture."""

    text: str
    divergences: Sequence[Divergence]


def pictured(verdict: Verdict, words: Words, divergences: Sequence[Divergence]) -> list[Picture]:
    """pictures() of some of the divergences."""
    alike: dict[tuple[str, str], list[Divergence]] = {}
    for divergence in divergences:
        text = body(divergence, verdict.base, verdict.candidate, words)
        alike.setdefault((divergence.kind, text), []).append(divergence)
    result = []
    for (_, text), same in alike.items():
        where = "; ".join(f"{d.arch}, scenario {d.examples_to_find}" for d in same)
        result.append(Picture(headed(same[0], verdict.base, verdict.candidate, where, text), same))
    return result
