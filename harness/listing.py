# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review list`: every name that the other commands take, and what the contracts say."""

import click

from pte_review.harness.judging.contracts import CLAUSES, CONTRACTS
from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.reports.report import NOT_MODELLED, wrapped
from pte_review.models.arch import ARCHES
from pte_review.models.legal import ONLY_ON, RULES
from pte_review.models.port import load, names
from pte_review.models.scheduled import ACTORS, ANCHORS, PHASES


@click.command("list")
def list_command() -> int:
    """Versions, architectures, contracts, hostile rules, scheduled events."""
    sections: dict[str, dict[str, str]] = {
        "versions": {name: load(name).summary for name in names()},
        "kernel text, with --tree": {TREE: "move_ptes() of the tree's mm/mremap.c", PATCHED: "the same with --patch"},
        "architectures": {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in ARCHES.items()},
        "contracts": {name: contract.summary for name, contract in CONTRACTS.items()},
        "hostile rules": {
            name: f"{what.removeprefix(ONLY_ON.get(name, '') + ': ')}"
            + (f" ({ONLY_ON[name]})" if name in ONLY_ON else "")
            for name, what in RULES.items()
        },
        "scheduled events": ACTORS,
        "times of scheduled events": {**PHASES, **ANCHORS},
    }
    for title, entries in sections.items():
        click.echo(f"{title}:")
        for name, what in entries.items():
            click.echo(wrapped(f"{name:<24}{what}", "  "))
        click.echo()
    click.echo("what the contracts say, part by part (exact | folio-ad), and who said so:")
    for clause in CLAUSES:
        says = clause.exact if clause.exact == clause.folio_ad else f"{clause.exact} | {clause.folio_ad}"
        click.echo(wrapped(f"{clause.part:<24}{says}; {clause.source}", "  "))
    click.echo()
    click.echo(wrapped(NOT_MODELLED))
    return 0
