# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review releases`: the text of kernel trees, a line each."""

from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import (
    FINDING,
    OK,
    UNDECIDED,
    arch_option,
    max_examples_option,
    seed_option,
    subject_option,
)
from pte_review.harness.errors import UsageError
from pte_review.harness.releases import ledger, recorded
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.releases import recorded_line, releases_table
from pte_review.harness.review import check_call
from pte_review.harness.subjects import choose
from pte_review.harness.verdict import DIVERGES

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("releases", cls=Command)
@click.argument("folders", metavar="DIR...", nargs=-1, type=FOLDER)
@click.option("--base", metavar="VERSION", help="What each tree is held against; the subject's first version without.")
@click.option(
    "--recorded",
    "recordings",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Calls recorded on a running kernel, through the text of its release.",
)
@max_examples_option
@seed_option
@arch_option
@subject_option
def releases_command(
    folders: tuple[Path, ...],
    base: str | None,
    recordings: tuple[Path, ...],
    max_examples: int,
    seed: int,
    arch: str | None,
    subject_name: str | None,
) -> int:
    """Hold the function's own text in each kernel tree DIR against one version.

    Exit status 1 if one diverges or a recorded kernel did otherwise, 3 if one cannot be read or decided.
    """
    if not folders:
        raise UsageError("releases: expected the folders of kernel trees, such as .pte-review/trees/*")
    subject = choose(subject_name, (base,) if base else ())
    check_call(subject, arch, max_examples=max_examples)
    with ProgressDisplay() as display:
        entries = list(
            ledger(
                subject,
                base or subject.base,
                folders,
                arch=arch,
                max_examples=max_examples,
                seed=seed,
                listen=display,
            )
        )
    click.echo(releases_table(base or subject.base, entries), nl=False)
    replayed = list(recorded(subject, recordings, folders)) if recordings else []
    for each in replayed:
        click.echo(recorded_line(each))
    verdicts = [entry.verdict.verdict if entry.verdict else "" for entry in entries]
    if DIVERGES in verdicts or any(each.otherwise for each in replayed):
        return FINDING
    unknown = any(entry.verdict is None or entry.verdict.why for entry in entries)
    return UNDECIDED if unknown else OK
