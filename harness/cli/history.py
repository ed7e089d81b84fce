# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review history`: how soon each known bug is found."""

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import FINDING, OK, arch_option, max_examples_option, subject_option
from pte_review.harness.known import DEFAULT_SEEDS, MOST_SEEDS, hunt_all
from pte_review.harness.reports.history import history_text
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.review import check_call, check_count
from pte_review.harness.subjects import choose


@click.command("history", cls=Command)
@click.option("--seeds", type=int, default=DEFAULT_SEEDS, show_default=True, help="How often each bug is looked for.")
@max_examples_option
@arch_option
@subject_option
def history_command(seeds: int, max_examples: int, arch: str | None, subject_name: str | None) -> int:
    """How soon each known bug of the function is found. Exit status 1 if one is missed."""
    subject = choose(subject_name)
    check_call(subject, arch, max_examples=max_examples)
    check_count("seeds", seeds, MOST_SEEDS)
    with ProgressDisplay("hunts") as display:
        rows = hunt_all(subject, arch, seeds, max_examples, display)
    click.echo(history_text(rows, seeds, max_examples), nl=False)
    return OK if all(row.found_by_all for row in rows) else FINDING
