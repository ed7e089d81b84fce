# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review cost`: ledgers side by side, what regressed, growth with size, gates."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from pte_review.harness.costs.claims import claims
from pte_review.harness.costs.compare import (
    GATED,
    Measured,
    changes,
    from_json,
    growth,
    measure_all,
    regressions,
    to_json,
)
from pte_review.harness.costs.ledger import COUNTS
from pte_review.harness.costs.text import growth_table, ledger_table, summary
from pte_review.harness.costs.workloads import WORKLOADS
from pte_review.harness.errors import UsageError, check_json_file
from pte_review.harness.files.counterexample import read_text
from pte_review.harness.reports.report import wrapped
from pte_review.harness.review import chosen_arches
from pte_review.models.port import Version, load

DEFAULT = ("pre_patch", "v4", "v4_batch_hint", "v4_respect_write", "v4_fixed")
GROWTH = ("order-0", "folio-64k")


@click.command("cost")
@click.argument("versions", nargs=-1, metavar="[BASE CANDIDATE...]")
@click.option("--arch", metavar="ARCH", help="One architecture; all without it.")
@click.option(
    "--workload", "workloads", multiple=True, metavar="NAME", help="One workload; repeatable. --list has them."
)
@click.option("--size", type=int, help="Entries to move, instead of each workload's natural size.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write every ledger to FILE.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Compare with FILE, written by --json, as BASE.")
@click.option("--fail-on-regression", is_flag=True, help="Exit 1 if a count of --count grows.")
@click.option(
    "--count", "counts", multiple=True, metavar="NAME", help=f"What may not grow; {', '.join(GATED)} without it."
)
@click.option("--share", type=float, default=0.0, show_default=True, help="By more than this share of BASE's.")
@click.option("--list", "show_list", is_flag=True, help="Workloads and counts, with their units.")
def cost_command(
    versions: tuple[str, ...],
    arch: str | None,
    workloads: tuple[str, ...],
    size: int | None,
    json_file: Path | None,
    baseline: Path | None,
    fail_on_regression: bool,
    counts: tuple[str, ...],
    share: float,
    show_list: bool,
) -> int:
    """Count what versions cost: reads, exchanges, stores, TLB flushes, folio look-ups, on named workloads."""
    if show_list:
        click.echo(listing())
        return 0
    if len(versions) == 1 and baseline is None:
        raise UsageError("cost: expected BASE and at least one CANDIDATE, or neither")
    if share < 0:
        raise UsageError(f"--share: expected 0 or more, got {share}")
    regressions([], counts or GATED, share)  # unknown counts, before the work
    check_json_file(json_file, [*versions, *([baseline] if baseline else [])])
    loaded = [load(name) for name in versions or DEFAULT]
    if len({version.name for version in loaded}) < len(loaded):
        raise UsageError("cost: expected different versions")
    measured = measure_all(loaded, chosen_arches(arch, None), workloads or list(WORKLOADS), size)
    base = loaded[0].name
    if baseline is not None:
        measured, base = _with_baseline(measured, baseline)
    _print(measured, base, loaded if size is None and baseline is None else [])
    if json_file is not None:
        json_file.write_text(json.dumps(to_json(measured, base), indent=1) + "\n", encoding="utf-8")
    worse = regressions(changes(measured, base), counts or GATED, share) if fail_on_regression else []
    for change in worse:
        place = f"{change.workload}, {change.arch}"
        click.echo(wrapped(f"REGRESSION: {change.version}: {change.count} {change.base} -> {change.now} on {place}"))
    return 1 if worse else 0


def _print(measured: Sequence[Measured], base: str, versions: Sequence[Version]) -> None:
    """Ledgers and summary; growth with size of `versions`, if any."""
    for one in measured:
        click.echo(ledger_table(one, base))
    click.echo(summary(measured, changes(measured, base), base))
    arches = dict.fromkeys(one.arch for one in measured)
    for count in GATED if versions else ():
        rows = [
            (version.name, f"{workload}, {arch}", growth(version, arch, workload, count))
            for arch in arches
            for workload in GROWTH
            for version in versions
        ]
        click.echo(growth_table([row for row in rows if any(value for _, value in row[2])], count))


def _with_baseline(measured: list[Measured], path: Path) -> tuple[list[Measured], str]:
    """`measured` beside the first version of a saved file, which becomes BASE."""
    text = read_text(path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a whole JSON file: {error}") from None
    saved = {(one.arch, one.workload, one.size): one for one in from_json(data, str(path))}
    base = f"baseline {data.get('base')}"
    joined = []
    for one in measured:
        before = saved.get((one.arch, one.workload, one.size))
        if before is None or data.get("base") not in dict(before.ledgers):
            raise UsageError(f"{path}: has no figures for {one.workload}, {one.size} entries, {one.arch}")
        ledgers = ((base, before.of(data["base"])), *one.ledgers)
        joined.append(Measured(one.arch, one.workload, one.size, ledgers))
    return joined, base


def listing() -> str:
    """Workloads and counts, a line each."""
    lines = ["workloads:"]
    lines += [wrapped(f"{w.name:<24}{w.what}; {w.size} entries", "  ") for w in WORKLOADS.values()]
    lines += ["", "counts:"]
    lines += [wrapped(f"{name:<24}{what}", "  ") for name, what in COUNTS.items()]
    return "\n".join(lines)


def claims_text() -> str:
    """The claims of the thread, three lines each."""
    lines = ["What the thread claims, counted:", ""]
    for claim in claims():
        lines += [
            wrapped(f"{claim.claimed}: {claim.verdict.upper()}"),
            wrapped(claim.counted, "  "),
            wrapped(claim.but, "  "),
            "",
        ]
    return "\n".join(lines)
