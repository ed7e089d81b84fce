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
    epilog,
    html_option,
    max_examples_option,
    seed_option,
    subject_option,
)
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.errors import UsageError
from pte_review.harness.files.writing import write_whole
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.releases import ledger, recorded
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.releases import recorded_line, releases_table
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.review import check_call
from pte_review.harness.subjects import choose
from pte_review.harness.verdict import DIVERGES

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(
    "releases",
    cls=Command,
    epilog=epilog(
        "pte-review releases .pte-review/trees/*",
    ),
)
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
@html_option
def releases_command(
    folders: tuple[Path, ...],
    base: str | None,
    recordings: tuple[Path, ...],
    max_examples: int,
    seed: int,
    arch: str | None,
    subject_name: str | None,
    html_file: Path | None,
) -> int:
    """Hold the function's own text in each kernel tree DIR against one version.

    Exit status 1 if one diverges or a recorded kernel did otherwise, 3 if one cannot be read or decided.
    """
    if not folders:
        raise UsageError("releases: expected the folders of kernel trees, such as .pte-review/trees/*")
    subject = choose(subject_name, (base,) if base else ())
    check_call(subject, arch, max_examples=max_examples)
    _check_html(html_file, folders)
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
    if html_file is not None:
        from pte_review.harness.reports.html.page import page  # Jinja2, for this alone

        title = f"{subject.name}() of each release, against {base or subject.base}"
        again = ["pte-review", "releases", *map(str, folders), "--max-examples", str(max_examples), "--seed", str(seed)]
        text, names = KernelText(subject), [entry.release.number for entry in entries if entry.verdict is not None]
        reviews = [Reviewed(subject, entry.verdict, text, again) for entry in entries if entry.verdict is not None]
        write_whole(html_file, page(title, reviews, notes=names, names=names, releases=entries))
    replayed = list(recorded(subject, recordings, folders)) if recordings else []
    for each in replayed:
        click.echo(recorded_line(each))
    verdicts = [entry.verdict.verdict if entry.verdict else "" for entry in entries]
    if DIVERGES in verdicts or any(each.otherwise for each in replayed):
        return FINDING
    unknown = any(entry.verdict is None or entry.verdict.why for entry in entries)
    return UNDECIDED if unknown else OK


def _check_html(html_file: Path | None, folders: tuple[Path, ...]) -> None:
    """Raise UsageError where the page would be written into one of the trees."""
    if html_file is not None:
        for folder in folders:
            check_outputs(Inputs(tree=folder), others={"--html": html_file})
