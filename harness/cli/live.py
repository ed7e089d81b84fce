# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review live`: a running kernel, its text and a port, a line for each kernel."""

from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import FINDING, OK, UNDECIDED, records_option, seed_option, subject_option
from pte_review.harness.cli.record import check_numbers, kernel_named
from pte_review.harness.errors import UsageError
from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.live.compare import compare
from pte_review.harness.reports.live import live_table
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.subjects import choose
from pte_review.models.loading import load


@click.command("live", cls=Command)
@click.argument("base")
@click.option(
    "--on",
    "kernels",
    metavar="KERNEL",
    multiple=True,
    required=True,
    help="'host', or a kernel to boot: an image or a release; repeatable.",
)
@click.option("--arch", metavar="ARCH", help="Of the kernels to boot; this machine's without it.")
@click.option(
    "--tree",
    "trees",
    metavar="PATH",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A kernel source tree, taken for kernels of its release or series; repeatable.",
)
@records_option
@seed_option
@subject_option
def live_command(
    base: str,
    kernels: tuple[str, ...],
    arch: str | None,
    trees: tuple[Path, ...],
    records: int,
    seed: int,
    subject_name: str | None,
) -> int:
    """Record on each KERNEL, and hold the records against its own text and against BASE.

    BASE is a version, or 'tree' for the text alone. Exit status 1 if a kernel did otherwise, 3 if 'tree' has no tree
    of a kernel.
    """
    if base == PATCHED:
        raise UsageError(f"{PATCHED!r}: no kernel runs it; expected a version or {TREE!r}")
    if base == TREE and not trees:
        raise UsageError(f"{TREE!r} is the text of a kernel tree: give --tree, the folder of one")
    check_numbers(records, seed)
    subject = choose(subject_name, () if base == TREE else (base,))
    version = None if base == TREE else load(base, subject.function)
    with ProgressDisplay("records") as display:
        images = [kernel_named(on, arch if on != "host" else None, display) for on in kernels]
        options = {"records": records, "seed": seed}
        rows = [compare(subject, version, image, trees, listen=display, **options) for image in images]
    click.echo(live_table(None if base == TREE else base, rows), nl=False)
    if any(row.otherwise for row in rows):
        return FINDING
    return UNDECIDED if base == TREE and any(row.tree is None for row in rows) else OK
