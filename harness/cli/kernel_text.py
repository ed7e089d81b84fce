# SPDX-License-Identifier: GPL-2.0-only
"""The options that say which kernel text a call is about."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TypeVar, cast

import click

from pte_review.harness.cli.settings import Settings
from pte_review.harness.kernel_text import PATCHED, TREE
from pte_review.harness.patch_names import patches_named
from pte_review.harness.subjects import SUBJECTS

F = TypeVar("F", bound=Callable[..., object])


def _usual_tree(others: Mapping[str, object]) -> Path | None:
    """The tree of the user's settings, where one of the versions of the call is kernel text."""
    own = click.get_current_context().find_object(Settings) or Settings()
    versions = others.get("versions", ())
    named = {others.get("base"), others.get("candidate"), *(versions if isinstance(versions, tuple) else ())}
    if own.tree is None or not {TREE, PATCHED} & named:
        return None
    click.echo(f"pte-review: --tree {own.tree}, from {own.file}", err=True)
    return own.tree


def _trust(_context: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if given:
        from pte_review.models.native.confinement import trust  # with kernel text only

        trust()


def kernel_text_options(command: F) -> F:
    """--tree, --rev, --patch and --range for a click command, which gets them as `tree`, `rev` and `patches`."""

    @wraps(command)
    def named(
        *, tree: Path | None, rev: str | None, patches: tuple[str, ...], commits: str | None, **others: object
    ) -> object:
        if tree is None:
            tree = _usual_tree(others)
        rev, paths = patches_named(SUBJECTS.values(), tree, rev, patches, commits)
        return command(tree=tree, rev=rev, patches=paths, **others)

    result = cast(F, named)
    for option in (
        click.option(
            "--trust", is_flag=True, expose_value=False, callback=_trust,
            help="Run the C also where this kernel refuses to confine it: with your rights.",
        ),
        click.option(
            "--range", "commits", metavar="A..B",
            help=f"Commits of the git repository at --tree: {TREE!r} is A, {PATCHED!r} has them on top.",
        ),
        click.option(
            "--patch", "patches", multiple=True, metavar="FILE",
            help=f"A diff, mail or mbox on top of the tree, for {PATCHED!r}; - for stdin, or a message-id or link that "
            "b4 brings; repeatable.",
        ),
        click.option("--rev", metavar="REV", help="A revision of the git repository at --tree."),
        click.option(
            "--tree", metavar="PATH", type=click.Path(path_type=Path),
            help=f"A kernel source tree: {TREE!r} is its own text of the function.",
        ),
    ):  # fmt: skip
        result = option(result)
    return result
