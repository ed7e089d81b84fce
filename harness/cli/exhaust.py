# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review exhaust`: every table of N entries, on every core, in shards or on a cluster."""

import json
import os
import shlex
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.endings import INTERRUPTED
from pte_review.harness.cli.kernel_text import kernel_text_options
from pte_review.harness.cli.options import (
    OK,
    STATUS,
    arch_option,
    contract_option,
    epilog,
    json_option,
    save_option,
    subject_option,
)
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust import cluster
from pte_review.harness.exhaust.describe import describe
from pte_review.harness.exhaust.job import Job, ready
from pte_review.harness.exhaust.merging import merged
from pte_review.harness.exhaust.result import Result, conclude
from pte_review.harness.exhaust.run import begin, go_on
from pte_review.harness.exhaust.shards import WHOLE, Shard, shard_from
from pte_review.harness.exhaust.state import state_path
from pte_review.harness.exhaust.text import result_text, space_text
from pte_review.harness.files import counterexample as saved
from pte_review.harness.files.writing import write_whole
from pte_review.harness.kernel_text import saved_line
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.report import pictures, wrapped
from pte_review.harness.review import check_call, check_count, chosen_arches
from pte_review.harness.subjects import SUBJECTS, choose
from pte_review.models.kernel_tree.brought import is_brought, patch_bytes

MOST_ENTRIES = 6
MOST_JOBS = 1024


@click.command(
    "exhaust",
    cls=Command,
    epilog=epilog(
        "pte-review exhaust pre_patch v4_fixed --entries 2",
    ),
)
@click.argument("versions", nargs=-1, required=True, metavar="BASE CANDIDATE")
@click.option("--entries", type=int, default=2, show_default=True, help=f"Entries of the range, 1 to {MOST_ENTRIES}.")
@arch_option
@contract_option
@click.option("--shard", "shard_text", metavar="i/n", help="Only every n-th piece from the i-th on, with --json.")
@click.option("--merge", is_flag=True, help="The arguments are shards' --json files: one verdict out of all.")
@click.option("--jobs", type=int, help="Processes; as many as there are cores without it.")
@click.option("--dask", metavar="ADDRESS", help="Run on a Dask cluster: its scheduler's address, or `local`.")
@click.option("--restart", is_flag=True, help="Forget what an interrupted run has done.")
@subject_option
@json_option
@save_option
@kernel_text_options
def exhaust_command(
    versions: tuple[str, ...],
    entries: int,
    arch: str | None,
    contract: str,
    shard_text: str | None,
    merge: bool,
    jobs: int | None,
    dask: str | None,
    restart: bool,
    subject_name: str | None,
    json_file: Path | None,
    save_dir: Path | None,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
) -> int:
    """Run a pair on every small table: all values, folio layouts, userfaultfd modes or calls, and
    places.

    Exit status 0 only if all tables were run and CANDIDATE diverges on none. Ctrl-C stops, the same command goes on.
    """
    if merge:
        check_outputs(Inputs(versions), json_file=json_file, save_dir=save_dir)
        result = merged([Path(name) for name in versions], SUBJECTS)
        _check_outputs(result.job, json_file, save_dir, *versions)
        click.echo(space_text(result.space))
        return _report(result, json_file, save_dir)
    if len(versions) != 2:
        raise UsageError(f"exhaust: expected BASE and CANDIDATE, got {len(versions)} arguments")
    check_count("--entries", entries, MOST_ENTRIES)
    subject = choose(subject_name, versions, patches)
    check_call(subject, arch, contract)
    processes = jobs if jobs is not None else os.cpu_count() or 1
    check_count("--jobs", processes, MOST_JOBS)
    if dask is not None:
        cluster.needed()
    shard = shard_from(shard_text) if shard_text is not None else WHOLE
    job = Job(
        subject,
        versions[0],
        versions[1],
        contract,
        tuple(chosen_arches(subject, arch, None)),
        entries,
        tree="" if tree is None else str(tree),
        rev=rev or "",
        patches=tuple(map(str, patches)),
        brought=tuple((str(patch), patch_bytes(patch)) for patch in patches if is_brought(patch)),
    )
    _check_outputs(job, json_file, save_dir, state_path(ready(job).digest, shard))
    return _run(job, shard, processes, dask, restart, json_file, save_dir)


def _check_outputs(job: Job, json_file: Path | None, save_dir: Path | None, *more: str | Path) -> None:
    """Raise UsageError if what is to be written would spoil what the job reads, or one of `more`."""
    here = ready(job)
    inputs = Inputs((job.base, job.candidate, *job.patches, *more), Path(job.tree) if job.tree else None)
    check_outputs(inputs, json_file=json_file, save_dir=save_dir, versions=(here.base, here.candidate))


def _run(
    job: Job, shard: Shard, jobs: int, dask: str | None, restart: bool, json_file: Path | None, save_dir: Path | None
) -> int:
    job, state, path = begin(job, shard, restart=restart)
    plan = ready(job).plan
    click.echo(space_text(describe(plan.space)))
    total = plan.cases_of(shard)
    if state.tables:
        click.echo(wrapped(f"going on after {state.tables:,} of {total:,} tables, from {path}"))
    where = f"Dask {dask}" if dask else f"{jobs} processes"
    try:
        with ProgressDisplay("tables", resumes=True) as display:
            go_on(job, state, path, jobs=jobs, dask=dask, listen=display, work=where)
        result = conclude(job, state)
    except KeyboardInterrupt:
        click.echo(
            f"pte-review: stopped after {state.tables:,} of {total:,} tables; "
            f"the same command goes on from {shlex.quote(str(path))}",
            err=True,
        )
        return INTERRUPTED
    status = _report(result, json_file, save_dir)
    if shard != WHOLE and json_file is None:
        click.echo(wrapped(f"kept in {path}: the same command with --json FILE writes what --merge takes"))
    elif not state.crashed:
        path.unlink(missing_ok=True)
    return status


def _report(result: Result, json_file: Path | None, save_dir: Path | None) -> int:
    here = ready(result.job)
    if json_file is not None:
        write_whole(json_file, json.dumps(result.to_json(), indent=1) + "\n")
    for line in here.described:
        click.echo(wrapped(line))
    click.echo(result_text(result))
    for text in pictures(result.verdict, result.job.subject.words):
        click.echo(text)
    if save_dir is not None:
        for path in saved.save(result.job.subject, result.verdict, save_dir):
            click.echo(saved_line(path, result.job.text))
    return STATUS.get(result.verdict.verdict, OK)
