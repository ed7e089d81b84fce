# SPDX-License-Identifier: GPL-2.0-only
"""Costs as text of at most 75 columns: ledgers side by side, what changed, growth, the claims."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from pte_review.harness.costs.compare import SIZES, CostChange, Costs
from pte_review.harness.costs.ledger import COUNTS
from pte_review.harness.costs.workload import Claim
from pte_review.harness.reports.report import rendered, wrapped
from pte_review.harness.reports.surroundings import WIDTH


def ledger_table(costs: Costs, base: str) -> str:
    """The counts of one workload that are not 0 everywhere: absolute, and as a ratio to BASE."""
    entries = "entry" if costs.size == 1 else "entries"
    title = f"{costs.workload}, {costs.size} {entries}, {costs.arch}"
    table = Table(title=title, box=box.ASCII_DOUBLE_HEAD, width=WIDTH,
                  title_justify="left", title_style="none", pad_edge=False, show_edge=False)  # fmt: skip
    table.add_column("count", overflow="fold")
    for version, _ in costs.ledgers:
        table.add_column(version, justify="right", overflow="fold")
    for count in COUNTS:
        values = [values[count] for _, values in costs.ledgers]
        if any(values):
            of_base = costs.of(base)[count]
            cells = [
                f"{value}" if version == base or value == of_base else f"{value} ({ratio(value, of_base)})"
                for (version, _), value in zip(costs.ledgers, values, strict=True)
            ]
            table.add_row(count, *cells)
    return rendered(table)


def ratio(value: int, base: int) -> str:
    """`value` as a multiple of `base`: x0.21, or new where BASE has ncosts."""
    return f"x{value / base:.2f}" if base else "new"


def summary(measured: Sequence[Costs], changes: Sequence[CostChange], base: str) -> str:
    """What regressed and what improved: a line for each version, architecture and count, with the workloads."""
    batched = {
        (m.arch, m.workload, version): ledger["batched-entries"] for m in measured for version, ledger in m.ledgers
    }
    lines = []
    for title, wanted in (("regressed", True), ("improved", False)):
        grouped: dict[tuple[str, str, str], list[CostChange]] = {}
        for change in changes:
            if change.regressed is wanted:
                grouped.setdefault((change.version, change.arch, change.count), []).append(change)
        lines.append(f"{title}, against {base}:")
        for (version, arch, count), group in grouped.items():
            worst = max(group, key=lambda change: abs(change.now - change.base) / change.size)
            per = f"{_per(worst.base, worst.size)} -> {_per(worst.now, worst.size)} per entry on {worst.workload}"
            rest = f", and on {len(group) - 1} more workloads" if len(group) > 1 else ""
            if count == "folio-lookups" and wanted and not batched[arch, worst.workload, version]:
                per += " pages, with no entry batched in return"
            lines.append(wrapped(f"{version}, {arch}: {count} {per}{rest}", "  "))
        if not grouped:
            lines.append("  nothing")
    return "\n".join(lines) + "\n"


def _per(count: int, size: int) -> str:
    value = count / size
    return f"{value:.3g}" if 0 < value < 0.01 else f"{value:.2f}".rstrip("0").rstrip(".")


def growth_table(rows: Sequence[tuple[str, str, list[tuple[int, int]]]], count: str) -> str:
    """`count` per entry at each size: one row a (version, place)."""
    table = Table(title=f"{count} per entry, by entries of the range", box=box.ASCII_DOUBLE_HEAD, width=WIDTH,
                  title_justify="left", title_style="none", pad_edge=False, show_edge=False)  # fmt: skip
    table.add_column("version", overflow="fold")
    table.add_column("workload", overflow="fold")
    for size in SIZES:
        table.add_column(str(size), justify="right")
    for version, place, values in rows:
        table.add_row(version, place, *(_per(value, size) for size, value in values))
    return rendered(table)


def claims_text(claims: Sequence[Claim]) -> str:
    """The claims of a thread, three lines each."""
    lines = ["What the thread claims, counted:", ""]
    for claim in claims:
        lines += [
            wrapped(f"{claim.claimed}: {claim.verdict.upper()}"),
            wrapped(claim.counted, "  "),
            wrapped(claim.but, "  "),
            "",
        ]
    return "\n".join(lines)
