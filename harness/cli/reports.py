# SPDX-License-Identifier: GPL-2.0-only
"""The options of a command that writes its verdict in other shapes: a mail, a page, KTAP."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TypeVar, cast

import click

from pte_review.harness.cli.options import html_option
from pte_review.harness.costs.compare import measure_where_it_can
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.files.writing import write_whole
from pte_review.harness.live.reproduce.area import NotBuilt
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.reports.mail import Attachment, mail_text
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.verdict import DIVERGES
from pte_review.models.version import Version

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Reports:
    """Where a call wants its verdict beside the terminal."""

    mail_file: Path | None = None
    html_file: Path | None = None
    ktap: bool = False  # in the place of text
    quiet: bool = False  # the verdict's own line, and no more

    @property
    def files(self) -> dict[str, Path]:
        """The files to write, by option."""
        wanted = {"--mail": self.mail_file, "--html": self.html_file}
        return {option: path for option, path in wanted.items() if path is not None}

    def write(self, reviewed: Reviewed, versions: Sequence[Version] = ()) -> None:
        """Write them. The page has the costs of `versions`."""
        if self.html_file is not None:
            from pte_review.harness.reports.html.page import page  # Jinja2, for this alone

            subject, verdict = reviewed.subject, reviewed.verdict
            costs = measure_where_it_can(versions, verdict.arches, list(subject.workloads.values())) if versions else []
            title = f"{verdict.base} \u2192 {verdict.candidate}: {verdict.verdict}"
            write_whole(self.html_file, page(title, [reviewed], costs=costs))
        if self.mail_file is not None:
            write_whole(self.mail_file, mail_text(reviewed, _reproducer(reviewed)))


def _reproducer(reviewed: Reviewed) -> list[Attachment]:
    """The C program of the first new divergence that userspace can see, if there is one."""
    subject, verdict = reviewed.subject, reviewed.verdict
    for divergence in verdict.divergences if verdict.verdict == DIVERGES else ():
        if divergence.by != "base":
            saved = Counterexample(subject.name, verdict.base, verdict.candidate, verdict.contract, divergence)
            with suppress(NotBuilt):
                return [Attachment(f"{divergence.kind}-{divergence.arch}.c", reproducer(subject, saved))]
    return []


def report_options(command: F) -> F:
    """These options for a click command, which gets them as `reports`."""

    @wraps(command)
    def with_reports(
        *, mail_file: Path | None, html_file: Path | None, ktap: bool, quiet: bool, **others: object
    ) -> object:
        return command(reports=Reports(mail_file, html_file, ktap, quiet), **others)

    result = cast(F, with_reports)
    path = click.Path(path_type=Path)
    for option in (
        click.option("--quiet", "-q", is_flag=True, help="Print the line with the verdict, and no more."),
        click.option("--ktap", is_flag=True, help="Print KTAP, a test for each kind of divergence, instead of text."),
        html_option,
        click.option(
            "--mail",
            "mail_file",
            metavar="FILE",
            type=path,
            help="Write a reply to the patch to FILE; nothing is sent.",
        ),
    ):
        result = option(result)
    return result
