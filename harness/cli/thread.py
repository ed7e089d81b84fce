# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review` without a command: the review of the mails that the subject's thread is about."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from pte_review.harness.cli.options import FINDING, OK
from pte_review.harness.cli.outputs import Inputs, check_outputs
from pte_review.harness.costs.text import claims_text
from pte_review.harness.errors import UsageError
from pte_review.harness.files.writing import write_whole
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.known import review_thread
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.report import NOT_MODELLED, matrix, pictures, row, wrapped
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.review import check_call
from pte_review.harness.subject import Subject
from pte_review.harness.verdict import Verdict


def thread_review(subject: Subject, max_examples: int, seed: int, arch: str | None, html_file: Path | None) -> int:
    """Print the matrix, the smallest case of each kind and the claims. Exit status 0 if every verdict is as known."""
    check_call(subject, arch, max_examples=max_examples)
    if subject.thread is None:
        raise UsageError(f"no thread is known of {subject.name}(): pte-review check BASE CANDIDATE reviews one pair")
    check_outputs(Inputs(), others={"--html": html_file} if html_file is not None else {})
    started = time.perf_counter()
    click.echo(f"pte-review of {subject.thread.title}")
    click.echo(wrapped(f"{max_examples:,} scenarios for each architecture and kind of table; {NOT_MODELLED}") + "\n")
    with ProgressDisplay() as display:
        rows = review_thread(subject, arch=arch, max_examples=max_examples, seed=seed, listen=display)
    notes = ["as known" if known.agrees(verdict) else "UNEXPECTED" for known, verdict in rows]
    click.echo(matrix(row([verdict], note) for (_, verdict), note in zip(rows, notes, strict=True)))
    if html_file is not None:
        from pte_review.harness.reports.html.page import page  # Jinja2, for this alone

        text, names = KernelText(subject), [verdict.hostile or "" for _, verdict in rows]
        reviews = [Reviewed(subject, verdict, text, _again(verdict, max_examples)) for _, verdict in rows]
        write_whole(html_file, page(f"Review of {subject.thread.title}", reviews, notes=notes, names=names))
    click.echo("The smallest case of each kind, in the first pair that shows it:\n")
    shown: set[str] = set()
    for _, verdict in rows:
        fresh = tuple(d for d in verdict.divergences if d.kind not in shown)
        shown |= set(verdict.kinds)
        for picture in pictures(replace(verdict, divergences=fresh), subject.words):
            click.echo(picture)
    if subject.claims is not None:
        click.echo(claims_text(subject.claims()))
    unexpected = [known for known, verdict in rows if not known.agrees(verdict)]
    seconds = time.perf_counter() - started
    click.echo(f"{len(rows)} verdicts, {len(rows) - len(unexpected)} as known; {seconds:.0f} s, seed {seed}")
    click.echo("One pair, with every picture: pte-review check BASE CANDIDATE")
    return FINDING if unexpected else OK


def _again(verdict: Verdict, max_examples: int) -> Sequence[str]:
    """What gives one verdict of the thread again."""
    hostile = ["--hostile", verdict.hostile] if verdict.hostile else []
    most = ["--max-examples", str(max_examples), "--seed", str(verdict.seed)]
    return ["pte-review", "check", verdict.base, verdict.candidate, *hostile, *most]
