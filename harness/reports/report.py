# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts as text: the matrix, one verdict with its pictures, recordings. Reads verdicts, computes nothing.

Everything fits 75 columns and is plain ASCII, to go into a mail as it is.
"""

import io
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from pte_review.harness.files.folios import SAYS as FOLIOS_SAY
from pte_review.harness.files.moves import Mismatch, calls
from pte_review.harness.files.recording import Record
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.judge import sit
from pte_review.harness.judging.kinds import rank
from pte_review.harness.reports.picture import WIDTH, body, headed
from pte_review.harness.thread import Known
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE, Divergence, Verdict, verdict_from_json
from pte_review.models.port import Version

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
    if first.contract != "folio-ad":
        tables += f", contract {first.contract}"
    return Row(f"{first.base} -> {first.candidate}", tables, _says(verdicts), note)


def _says(verdicts: Sequence[Verdict]) -> str:
    whys = [verdict.why for verdict in verdicts if verdict.verdict == INCONCLUSIVE]
    if whys:
        return f"inconclusive: {'; '.join(whys)}"
    arches = {arch for verdict in verdicts for arch in verdict.arches}
    by_kind: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        for divergence in verdict.divergences:
            on = by_kind.setdefault((divergence.kind, divergence.by), [])
            if divergence.arch not in on:
                on.append(divergence.arch)
    shown = []
    for kind, by in sorted(by_kind, key=lambda key: (rank(key[0]), key[1])):
        notes = ["only base"] if by == "base" else []
        notes += [] if set(by_kind[kind, by]) == arches else by_kind[kind, by]
        shown.append(f"{kind} ({', '.join(notes)})" if notes else kind)
    return ", ".join(shown) or "no difference found"


def rows_from_json(data: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows of verdicts that come as JSON, one a pair and contract, whichever architectures they are about."""
    grouped: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in map(verdict_from_json, data):
        key = (verdict.hostile or "", verdict.contract, verdict.base, verdict.candidate)
        grouped.setdefault(key, []).append(verdict)
    return [row(grouped[key]) for key in sorted(grouped)]


def matrix(rows: Iterable[Row]) -> str:
    """The rows as a table, a section for each kind of table."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, width=WIDTH, pad_edge=False, show_edge=False)
    noted = list(rows)
    table.add_column("base -> candidate", width=33, overflow="fold")
    table.add_column("kinds of divergence", overflow="fold")
    if any(row.note for row in noted):
        table.add_column("", width=10)
    tables = ""
    for one in noted:
        if one.tables != tables:
            if tables:
                table.add_section()
            tables = one.tables
            table.add_row(tables)
        cells = [f"  {one.pair}", one.says, *([one.note] if one.note else [])]
        table.add_row(*cells)
    return rendered(table)


def known_note(known: Known, verdict: Verdict) -> str:
    return "as known" if known.agrees(verdict) else "UNEXPECTED"


def rendered(table: Table) -> str:
    """A rich table as plain lines without trailing blanks."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


# -- one verdict


def verdict_lines(verdict: Verdict) -> str:
    """What was found, and how much was looked at: without the pictures."""
    said = SAYS.get(verdict.verdict, "no difference found")
    tables = f"hostile: {verdict.hostile}" if verdict.hostile else "legal tables"
    each = verdict.examples // max(len(verdict.arches), 1)
    lines = [
        wrapped(f"{verdict.base} -> {verdict.candidate}: {said}" + (f" ({verdict.why})" if verdict.why else "")),
        wrapped(f"{tables}, contract {verdict.contract}, {' and '.join(verdict.arches)}; {NOT_MODELLED}", "  "),
        wrapped(
            f"{verdict.examples:,} scenarios in {verdict.seconds:.1f} s, seed {verdict.seed}; changed path: "
            + ", ".join(f"{arch} {n:,} of {each:,} scenarios" for arch, n in verdict.changed.items()),
            "  ",
        ),
    ]
    if verdict.exercised:
        lines.append(wrapped("ran in scenarios: " + _counts(verdict.exercised.items()), "  "))
    if verdict.allowed:
        lines.append(wrapped("allowed differences, entries: " + _counts(verdict.allowed.items()), "  "))
    if verdict.shared:
        lines.append(wrapped("both do alike, scenarios: " + _counts(verdict.shared), "  "))
    return "\n".join(lines) + "\n"


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts)


def pictures(verdict: Verdict, base: Version, candidate: Version) -> list[str]:
    """A picture for each divergence; one for both architectures where they show the same."""
    contract = CONTRACTS[verdict.contract]
    alike: dict[tuple[str, str], list[Divergence]] = {}
    for divergence in verdict.divergences:
        sitting = sit(divergence.scenario, base, candidate, contract)
        text = body(divergence, base.name, candidate.name, sitting)
        alike.setdefault((divergence.kind, text), []).append(divergence)
    result = []
    for (_, text), divergences in alike.items():
        where = "; ".join(f"{d.arch}, scenario {d.examples_to_find}" for d in divergences)
        result.append(headed(divergences[0], base.name, candidate.name, where, text))
    return result


# -- recordings


def recording_lines(name: str, version: str, records: Sequence[Record], found: Sequence[Mismatch]) -> str:
    """How many records `version` predicts, on which folios, and where the kernel did something else."""
    moves = sum(1 for record in records for _ in calls(record))
    entries = sum(record.moved for record in records)
    wrong = sorted({mismatch.record for mismatch in found})
    kernel = f"Linux {records[0].kernel} {records[0].arch}"
    lines = [
        wrapped(f"{name}: {kernel}, {len(records)} records, {moves:,} move_ptes() calls, {entries:,} entries"),
        wrapped(FOLIOS_SAY, "  "),
        f"  {version} predicts {len(records) - len(wrong)} of {len(records)} records",
    ]
    for mismatch in found:
        pages = (
            f"page {mismatch.first}" if mismatch.first == mismatch.last else f"pages {mismatch.first}-{mismatch.last}"
        )
        record = records[mismatch.record - 1]
        lines += [
            f"  record {mismatch.record} ({record.mapping}, {record.moved} pages), {pages}: {mismatch.kind}",
            f"    the kernel left  {mismatch.kernel}",
            f"    {version} leaves  {mismatch.version}",
        ]
    return "\n".join(lines) + "\n"
