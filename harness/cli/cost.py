# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review cost`: ledgers side by side, what regressed, growth with size, gates."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.kernel_text import kernel_text_options
from pte_review.harness.cli.options import FINDING, OK, subject_option
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.costs.compare import (
    GATED,
    VERSION,
    Costs,
    SavedLedgers,
    changes,
    costs_of,
    growth,
    measure_all,
    regressions,
    saved_ledgers,
)
from pte_review.harness.costs.ledger import COUNTS
from pte_review.harness.costs.text import growth_table, ledger_table, summary
from pte_review.harness.costs.workload import Workload
from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.files.reading import read_object
from pte_review.harness.files.writing import write_whole
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.reports.report import wrapped
from pte_review.harness.review import chosen_arches
from pte_review.harness.subject import Subject
from pte_review.harness.subjects import choose
from pte_review.models.codec import SchemaError, from_json, to_json
from pte_review.models.version import Version


@click.command("cost", cls=Command)
@click.argument("versions", nargs=-1, metavar="[BASE CANDIDATE...]")
@click.option("--arch", metavar="ARCH", help="One architecture; all without it.")
@click.option(
    "--workload", "workloads", multiple=True, metavar="NAME", help="One workload; repeatable. --list has them."
)
@click.option("--size", type=int, help="Entries of the range, instead of each workload's natural size.")
@click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write every ledger to FILE."
)
@click.option(
    "--baseline", metavar="FILE", type=click.Path(path_type=Path), help="Compare with FILE, written by --json, as BASE."
)
@click.option("--fail-on-regression", is_flag=True, help="Exit 1 if a count of --count grows.")
@click.option(
    "--count", "counts", multiple=True, metavar="NAME", help=f"What may not grow; {', '.join(GATED)} without it."
)
@click.option("--share", type=float, default=0.0, show_default=True, help="By more than this share of BASE's.")
@subject_option
@kernel_text_options
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
    subject_name: str | None,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
    show_list: bool,
) -> int:
    """Count what versions cost: reads, exchanges, stores, TLB flushes, folio look-ups, on named workloads.

    `tree` and `tree+patch` are the C of a kernel tree as it is.
    """
    subject = choose(subject_name, versions, patches)
    if show_list:
        click.echo(listing(subject))
        return OK
    if len(versions) == 1 and baseline is None:
        raise UsageError("cost: expected BASE and at least one CANDIDATE, or neither")
    if not 0 <= share < math.inf:  # nor is nan
        raise UsageError(f"--share: expected a number, 0 or more, got {share}")
    regressions([], counts or GATED, share)  # unknown counts, before the work
    named = [_workload(subject, name) for name in workloads] or list(subject.workloads.values())
    if not named:
        raise UsageError(f"cost: {subject.name}() has no workloads")
    text, arches = KernelText(subject, tree, rev, patches), chosen_arches(subject, arch, None)
    loaded = text.load_all(*(versions or subject.compared_costs), arches=arches)
    read: list[str | Path] = [*versions, *patches, *([baseline] if baseline is not None else [])]
    check_outputs(Inputs(tuple(read), tree), json_file=json_file, versions=loaded)
    if len({version.name for version in loaded}) < len(loaded):
        raise UsageError("cost: expected different versions")
    measured = measure_all(loaded, arches, named, size)
    base = loaded[0].name
    if baseline is not None:
        measured, base = _with_baseline(subject, measured, baseline)
    for line in text.describe():
        click.echo(wrapped(line))
    _print(subject, measured, base, loaded if size is None and baseline is None else [])
    if json_file is not None:
        ledgers = to_json(saved_ledgers(measured, subject.name, base), whole=True)
        write_whole(json_file, json.dumps(ledgers, indent=1) + "\n")
    worse = regressions(changes(measured, base), counts or GATED, share) if fail_on_regression else []
    for change in worse:
        place = f"{change.workload}, {change.arch}"
        click.echo(wrapped(f"REGRESSION: {change.version}: {change.count} {change.base} -> {change.now} on {place}"))
    return FINDING if worse else OK


def _print(subject: Subject, measured: Sequence[Costs], base: str, versions: Sequence[Version]) -> None:
    """Ledgers and summary; growth with size of `versions`, if any."""
    for costs in measured:
        click.echo(ledger_table(costs, base))
    click.echo(summary(measured, changes(measured, base), base))
    arches = dict.fromkeys(costs.arch for costs in measured)
    for count in GATED if versions else ():
        rows = [
            (version.name, f"{workload.name}, {arch}", growth(version, arch, workload, count))
            for arch in arches
            for workload in map(subject.workloads.__getitem__, subject.growth)
            for version in versions
        ]
        click.echo(growth_table([row for row in rows if any(value for _, value in row[2])], count))


def _with_baseline(subject: Subject, measured: list[Costs], path: Path) -> tuple[list[Costs], str]:
    """`measured` beside the first version of a saved file, which becomes BASE."""
    try:
        data = read_object(path, "what `pte-review cost --json` writes")
        if data.get("version") != VERSION:
            raise UsageError(f"{path}: expected version {VERSION}, got {data.get('version')!r}")
        saved = from_json(SavedLedgers, data, "costs")
    except SchemaError as error:
        raise UsageError(f"{path}: {error}") from None
    if saved.subject != subject.name:
        raise UsageError(f"{path}: costs of {saved.subject}(), expected those of {subject.name}()")
    by_workload = {(costs.arch, costs.workload, costs.size): costs for costs in costs_of(saved, str(path))}
    base = f"baseline {saved.base}"
    joined = []
    for costs in measured:
        before = by_workload.get((costs.arch, costs.workload, costs.size))
        if before is None or saved.base not in dict(before.ledgers):
            raise UsageError(f"{path}: has no figures for {costs.workload}, {costs.size} entries, {costs.arch}")
        joined.append(replace(costs, ledgers=((base, before.of(saved.base)), *costs.ledgers)))
    return joined, base


def _workload(subject: Subject, name: str) -> Workload:
    if name not in subject.workloads:
        raise unknown("workload", name, subject.workloads)
    return subject.workloads[name]


def listing(subject: Subject) -> str:
    """Workloads and counts, a line each."""
    lines = ["workloads:"]
    lines += [wrapped(f"{w.name:<24}{w.what}; {w.size} entries", "  ") for w in subject.workloads.values()]
    lines += ["", "counts:"]
    lines += [wrapped(f"{name:<24}{what}", "  ") for name, what in COUNTS.items()]
    return "\n".join(lines)
