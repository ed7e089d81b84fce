# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review` without a command: the review of the mails that the subject's thread is about."""

import time
from dataclasses import replace

import click

from pte_review.harness.cli.options import FINDING, OK
from pte_review.harness.costs.text import claims_text
from pte_review.harness.errors import UsageError
from pte_review.harness.known import review_thread
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.reports.report import NOT_MODELLED, matrix, pictures, row, wrapped
from pte_review.harness.review import check_call
from pte_review.harness.subject import Subject


def thread_review(subject: Subject, max_examples: int, seed: int, arch: str | None) -> int:
    """Print the matrix, the smallest case of each kind and the claims. Exit status 0 if every verdict is as known."""
    check_call(subject, arch, max_examples=max_examples)
    if subject.thread is None:
        raise UsageError(f"no thread is known of {subject.name}(): pte-review check BASE CANDIDATE reviews one pair")
    started = time.perf_counter()
    click.echo(f"pte-review of {subject.thread.title}")
    click.echo(wrapped(f"{max_examples:,} scenarios for each architecture and kind of table; {NOT_MODELLED}") + "\n")
    with ProgressDisplay() as display:
        rows = review_thread(subject, arch=arch, max_examples=max_examples, seed=seed, listen=display)
    notes = ("as known" if known.agrees(verdict) else "UNEXPECTED" for known, verdict in rows)
    click.echo(matrix(row([verdict], note) for (_, verdict), note in zip(rows, notes, strict=True)))
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
