# SPDX-License-Identifier: GPL-2.0-only
"""The page: one file that needs no network, reads without its script, and runs no script but its own.

Templates are Jinja2's with everything escaped; the page's own policy names the hash of its one script.
"""

import base64
import hashlib
import shlex
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pte_review.harness.costs.compare import Costs
from pte_review.harness.printable import printable
from pte_review.harness.releases import Entry
from pte_review.harness.reports.html.plots import plots_of
from pte_review.harness.reports.html.view import section
from pte_review.harness.reports.report import Row, row
from pte_review.harness.reports.reviewed import Reviewed

HOME = Path(__file__).parent / "templates"


def page(
    title: str,
    reviews: Sequence[Reviewed],
    *,
    notes: Sequence[str] = (),
    names: Sequence[str] = (),
    costs: Sequence[Costs] = (),
    releases: Sequence[Entry] = (),
) -> str:
    """The whole file. `notes` are the last column of the matrix, `names` what tells verdicts of one pair apart."""
    names = names or [""] * len(reviews)
    style, script = (_own(name) for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    matrix = [row([each.verdict], note) for each, note in zip(reviews, notes or [""] * len(reviews), strict=True)]
    return printable(
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            style=Markup(style),  # noqa: S704  # our own file
            script=Markup(script),  # noqa: S704  # our own file
            digest=digest,
            version=version("pte-review"),
            matrix=matrix,
            sections=[section(each, number, names[number - 1]) for number, each in enumerate(reviews, 1)],
            commands=list(dict.fromkeys(shlex.join(each.command) for each in reviews if each.command)),
            plots=plots_of(costs),
            releases=[(entry.release.number, _says(entry)) for entry in releases],
        )
    )


def _says(entry: Entry) -> Row | str:
    return row([entry.verdict]) if entry.verdict is not None else entry.unread


@cache
def _own(name: str) -> str:
    return (HOME / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HOME), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
