# SPDX-License-Identifier: GPL-2.0-only
"""What a shell offers at TAB: names of versions, architectures, contracts and rules. click has the shells' scripts."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.subjects import SUBJECTS
from pte_review.models.arch import ARCHES

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offer(names: Callable[[], Iterable[str]], *, files: bool = False) -> Complete:
    """Those of `names` that begin as what is there; if none does, files where they can stand as well."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        fitting = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return fitting or ([CompletionItem(incomplete, type="file")] if files else [])

    return complete


def _versions() -> Iterable[str]:
    functions = [subject.function for subject in SUBJECTS.values()]
    return (*(function.full_name(name) for function in functions for name in function.ports()), TREE, PATCHED)


versions = _offer(_versions, files=True)
arches = _offer(lambda: ARCHES)
contracts = _offer(lambda: CONTRACTS)
rules = _offer(lambda: dict.fromkeys(rule for subject in SUBJECTS.values() for rule in subject.rules))
subjects = _offer(lambda: SUBJECTS)
