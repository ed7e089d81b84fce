# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review list`: every name that the other commands take, and what the contracts say."""

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import OK, subject_option
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.reports.report import NOT_MODELLED, wrapped
from pte_review.harness.subject import Subject
from pte_review.harness.subjects import SUBJECTS, choose
from pte_review.models.actions import ACTORS, ANCHORS, PHASES
from pte_review.models.arch import ARCHES
from pte_review.models.legal import ONLY_ON
from pte_review.models.loading import load


@click.command("list", cls=Command)
@subject_option
def list_command(subject_name: str | None) -> int:
    """Versions, architectures, contracts, hostile rules, actions of others."""
    chosen = [choose(subject_name)] if subject_name else list(SUBJECTS.values())
    for subject in chosen:
        for title, entries in _of_subject(subject).items():
            _section(title, entries)
    for title, entries in _of_kit().items():
        _section(title, entries)
    for subject in chosen:
        if subject.clauses:
            _clauses(subject)
    click.echo(wrapped(NOT_MODELLED))
    return OK


def _section(title: str, entries: dict[str, str]) -> None:
    click.echo(f"{title}:")
    for name, text in entries.items():
        click.echo(wrapped(f"{name + ' ':<24}{text}", "  "))
    click.echo()


def _of_subject(subject: Subject) -> dict[str, dict[str, str]]:
    function = subject.function
    versions = {function.full_name(name): load(name, function).summary for name in function.ports()}
    sections = {f"versions of {function.name}()": versions}
    if subject.binding is not None:
        tree = f"{function.name}() of the tree's {subject.binding.file}"
        sections["kernel text, with --tree"] = {TREE: tree, PATCHED: "the same with --patch"}
    sections[f"hostile rules of {function.name}()"] = {
        name: f"{text.removeprefix(ONLY_ON.get(name, '') + ': ')}" + (f" ({ONLY_ON[name]})" if name in ONLY_ON else "")
        for name, text in subject.rules.items()
    }
    return sections


def _of_kit() -> dict[str, dict[str, str]]:
    return {
        "architectures": {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in ARCHES.items()},
        "contracts": {name: contract.summary for name, contract in CONTRACTS.items()},
        "actions of others": ACTORS,
        "times of actions": {**PHASES, **ANCHORS},
    }


def _clauses(subject: Subject) -> None:
    click.echo(
        wrapped(f"what the contracts say of {subject.name}(), part by part (exact | folio-ad), and who said so:")
    )
    for clause in subject.clauses:
        text = clause.exact if clause.exact == clause.folio_ad else f"{clause.exact} | {clause.folio_ad}"
        click.echo(wrapped(f"{clause.part:<24}{text}; {clause.source}", "  "))
    click.echo()
