# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review new-version`: a port to change, copied from its neighbour."""

import ast
from pathlib import Path

import click

from pte_review.harness.cli.arguments import Command
from pte_review.harness.cli.options import OK, subject_option
from pte_review.harness.errors import UsageError
from pte_review.harness.subjects import choose
from pte_review.models.loading import load

DOCSTRING = '''"""TITLE: what it is, on one line.

Message-id or commit; what it is on top of; which released kernels have it. A copy of {base} so far.
Known to differ: what it does differently on purpose.
"""'''


@click.command("new-version", cls=Command)
@click.argument("base")
@click.argument("name")
@subject_option
def new_version_command(base: str, name: str, subject_name: str | None) -> int:
    """Copy the port BASE to the file NAME.py here, to be changed the way the patch changes the C."""
    subject = choose(subject_name, (base,))
    path = Path(name if name.endswith(".py") else f"{name}.py")
    if not path.stem.isidentifier():
        raise UsageError(f"new-version: expected a name that Python can import, got {path.stem!r}")
    if path.stem in subject.function.ports():
        raise UsageError(f"new-version: {path.stem!r} is a version of {subject.name}() already; give another name")
    text = Path(load(base, subject.function).filename).read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_with_docstring(text, base))
    except FileExistsError:
        raise UsageError(f"{path}: exists already, and is not overwritten") from None
    click.echo(f"{path}: a copy of {base}; change it, then: pte-review check {base} {path}")
    return OK


def _with_docstring(text: str, base: str) -> str:
    """`text` with the docstring of its module replaced by one to fill in."""
    first = ast.parse(text).body[:1]
    if not first or not isinstance(first[0], ast.Expr) or not isinstance(first[0].value, ast.Constant):
        return text
    lines = text.splitlines(keepends=True)
    before, behind = lines[: first[0].lineno - 1], lines[first[0].end_lineno :]
    return "".join([*before, DOCSTRING.format(base=base), "\n", *behind])
