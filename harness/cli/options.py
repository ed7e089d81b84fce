# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands have, and the exit statuses of verdicts."""

from pathlib import Path

import click

from pte_review.harness.judging.contracts import CONTRACTS, DEFAULT_CONTRACT
from pte_review.harness.review import DEFAULT_EXAMPLES
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE
from pte_review.models.arch import ARCHES

OK, FINDING, UNDECIDED = 0, 1, 3
STATUS = {DIVERGES: FINDING, INCONCLUSIVE: UNDECIDED}  # of a verdict; OK for the others

max_examples_option = click.option(
    "--max-examples", type=int, default=DEFAULT_EXAMPLES, show_default=True, help="Scenarios for each architecture."
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same scenarios.")
records_option = click.option(
    "--moves", "records", type=int, default=1000, show_default=True, help="Records for each kernel."
)
arch_option = click.option("--arch", metavar="ARCH", help=f"{' or '.join(ARCHES)}; all without it.")
contract_option = click.option(
    "--contract", metavar="NAME", default=DEFAULT_CONTRACT, show_default=True, help=f"{' or '.join(CONTRACTS)}."
)
json_option = click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the verdict to FILE.")
save_option = click.option("--save", "save_dir", type=click.Path(path_type=Path), help="Save counterexamples to DIR.")
subject_option = click.option(
    "--subject",
    "subject_name",
    metavar="NAME",
    help=f"The function under review, where the versions do not say it: {' or '.join(SUBJECTS)}.",
)
