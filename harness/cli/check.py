# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review check`: one pair."""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.completion import rules as rules_at_tab
from pte_review.harness.cli.completion import versions as versions_at_tab
from pte_review.harness.cli.kernel_text import kernel_text_options
from pte_review.harness.cli.options import (
    OK,
    STATUS,
    arch_option,
    contract_option,
    epilog,
    json_option,
    save_option,
    seed_option,
    subject_option,
)
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.cli.reports import Reports, report_options
from pte_review.harness.files.counterexample import save
from pte_review.harness.files.writing import write_whole
from pte_review.harness.judging.contracts import DEFAULT_CONTRACT
from pte_review.harness.kernel_text import KernelText, printed_by, saved_line
from pte_review.harness.reports.ktap import ktap
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.report import pictures, row, verdict_lines, wrapped
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.review import DEFAULT_EXAMPLES, MOST_EXAMPLES, check_call, chosen_arches, review
from pte_review.harness.subjects import choose
from pte_review.models.version import Version


@click.command(
    "check",
    cls=Command,
    epilog=epilog(
        "pte-review check pre_patch v4 --html v4.html",
        "pte-review check tree tree+patch --tree ~/linux --patch v5.mbx --mail r.eml",
        "b4 am -o - MESSAGE-ID |\n      pte-review check tree tree+patch --tree ~/linux --patch -",
    ),
)
@click.argument("base", shell_complete=versions_at_tab)
@click.argument("candidate", shell_complete=versions_at_tab)
@arch_option
@contract_option
@click.option(
    "--hostile",
    metavar="RULE",
    shell_complete=rules_at_tab,
    help="Break this rule of legal tables; `pte-review list` has them.",
)
@click.option("--max-examples", type=int, help=f"Scenarios for each architecture.  [default: {DEFAULT_EXAMPLES}]")
@click.option("--seconds", type=float, help="Explore for so long; without --max-examples as many scenarios as fit.")
@seed_option
@subject_option
@json_option
@save_option
@report_options
@kernel_text_options
def check_command(
    base: str,
    candidate: str,
    arch: str | None,
    contract: str,
    hostile: str | None,
    max_examples: int | None,
    seconds: float | None,
    seed: int,
    subject_name: str | None,
    json_file: Path | None,
    save_dir: Path | None,
    reports: Reports,
    tree: Path | None,
    rev: str | None,
    patches: tuple[Path, ...],
) -> int:
    """Review one pair. BASE and CANDIDATE: a version's name, or a .py file that defines the function under review.

    Or `tree`, the C of a kernel tree, and `tree+patch`, the same with patches.
    """
    subject = choose(subject_name, (base, candidate), patches)
    if max_examples is None:
        max_examples = DEFAULT_EXAMPLES if seconds is None else MOST_EXAMPLES
    check_call(subject, arch, contract, hostile, max_examples, seconds)
    text = KernelText(subject, tree, rev, patches)
    versions, unread = text.load_where_it_can(base, candidate, arches=chosen_arches(subject, arch, hostile))
    inputs = Inputs((base, candidate, *patches), tree)
    check_outputs(inputs, json_file=json_file, save_dir=save_dir, others=reports.files, versions=versions)
    with ProgressDisplay(hidden=reports.quiet) as display:
        (verdict,) = review(
            subject,
            [(versions[0], versions[1])],
            arch=arch,
            contract=contract,
            hostile=hostile,
            max_examples=max_examples,
            seed=seed,
            seconds=seconds,
            unread=unread,
            listen=display,
        )
    most = max_examples if seconds is None else max(verdict.scenarios.values(), default=max_examples)
    again = ["pte-review", "check", base, candidate, "--seed", str(seed), "--max-examples", str(most)]
    for option, value in (("--arch", arch), ("--hostile", hostile), ("--subject", subject_name)):
        again += [option, value] if value else []
    again += ["--contract", contract] if contract != DEFAULT_CONTRACT else []
    reviewed = Reviewed(subject, verdict, text, [*again, *text.arguments()])
    if reports.ktap:
        click.echo(ktap(reviewed), nl=False)
    elif reports.quiet:
        shown = row([verdict])
        click.echo(wrapped(f"{shown.pair}: {shown.says}"))
    else:
        _print(reviewed, [v for v in versions if v not in text.loaded.values()], unread)
    reports.write(reviewed, versions)
    if json_file is not None:
        write_whole(json_file, json.dumps(verdict.to_json(), indent=1) + "\n")
    if save_dir is not None:
        for path in save(subject, verdict, save_dir):
            click.echo(saved_line(path, text), err=reports.ktap or reports.quiet)
    return STATUS.get(verdict.verdict, OK)


def _print(reviewed: Reviewed, ports: Sequence[Version], unread: Mapping[str, str]) -> None:
    """The verdict as text: what ran, what was found, how to get it again."""
    for line in (*reviewed.text.describe(), *printed_by(ports)):
        click.echo(wrapped(line))
    for name, what in unread.items():
        click.echo(wrapped(f"not run on {name}: {what}"))
    click.echo(verdict_lines(reviewed.verdict))
    for picture in pictures(reviewed.verdict, reviewed.subject.words):
        click.echo(picture)
    if reviewed.verdict.divergences:
        click.echo(f"again: {shlex.join(reviewed.command)}")
