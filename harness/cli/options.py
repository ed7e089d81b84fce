# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands have, and the exit statuses of verdicts."""

from pathlib import Path

import click

from pte_review.harness.cli.completion import arches, contracts, subjects
from pte_review.harness.judging.contracts import CONTRACTS, DEFAULT_CONTRACT
from pte_review.harness.review import DEFAULT_EXAMPLES
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE
from pte_review.models.arch import ARCHES

OK, FINDING, UNDECIDED = 0, 1, 3
STATUSES = {
    0: "nothing that the contract forbids; a counterexample is fixed",
    1: "a version diverges; a count grows; a verdict on the thread is not known",
    2: "the call or an input file is wrong: one line on stderr",
    3: "inconclusive, with the reason",
    70: "a mistake of pte-review itself",
}
STATUS = {DIVERGES: FINDING, INCONCLUSIVE: UNDECIDED}  # of a verdict; OK for the others


def epilog(*examples: str) -> str:
    """What ends a command's --help: its examples, and the statuses of all of them."""
    shown = ["\b\nExamples:", *(f"  {example}" for example in examples)]
    statuses = ["\b\nExit status:", *(f"  {status:<3} {what}" for status, what in STATUSES.items())]
    return "\n".join(shown) + "\n\n" + "\n".join(statuses)


max_examples_option = click.option(
    "--max-examples", type=int, default=DEFAULT_EXAMPLES, show_default=True, help="Scenarios for each architecture."
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same scenarios.")
records_option = click.option(
    "--moves", "records", type=int, default=1000, show_default=True, help="Records for each kernel."
)
arch_option = click.option(
    "--arch", metavar="ARCH", help=f"{' or '.join(ARCHES)}; all without it.", shell_complete=arches
)
contract_option = click.option(
    "--contract",
    metavar="NAME",
    default=DEFAULT_CONTRACT,
    show_default=True,
    help=f"{' or '.join(CONTRACTS)}.",
    shell_complete=contracts,
)
json_option = click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the verdict to FILE."
)
html_option = click.option(
    "--html",
    "html_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a page with pictures, steps and costs to FILE.",
)
save_option = click.option(
    "--save", "save_dir", metavar="DIR", type=click.Path(path_type=Path), help="Save counterexamples to DIR."
)
subject_option = click.option(
    "--subject",
    "subject_name",
    metavar="NAME",
    shell_complete=subjects,
    help="The function under review, where neither versions nor patches say it: "
    f"{' or '.join(SUBJECTS)}. Without it: {next(iter(SUBJECTS))}.",
)
