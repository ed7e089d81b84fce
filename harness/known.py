# SPDX-License-Identifier: GPL-2.0-only
"""What is known of a subject's versions: the verdicts of the mails' pairs, the bugs, and how soon each is found."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median_low

from pte_review.harness.judging.contracts import CONTRACTS, DEFAULT_CONTRACT
from pte_review.harness.progress import Listen, Progress, silent
from pte_review.harness.review import chosen_arches, review
from pte_review.harness.search.explore import PairTally, explore
from pte_review.harness.subject import Subject
from pte_review.harness.verdict import DIVERGES, NO_DIFFERENCE, Verdict
from pte_review.models.arch import ARCHES
from pte_review.models.loading import load
from pte_review.models.version import Version

DEFAULT_SEEDS = 20
MOST_SEEDS = 10_000

# -- the verdicts of the pairs of a thread


@dataclass(frozen=True, slots=True)
class Known:
    """One pair of the thread and what is known of it. No kinds: no difference.

    `must` are CANDIDATE's own and found in every review of the default length, `may` needs a config or a table that
    short reviews do not always draw.
    """

    base: str
    candidate: str
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    hostile: str | None = None

    def agrees(self, verdict: Verdict) -> bool:
        """Whether `verdict` is the known one."""
        expected = DIVERGES if self.must else NO_DIFFERENCE
        known = self.must <= set(verdict.added) and set(verdict.kinds) <= self.must | self.may
        return verdict.verdict == expected and known


@dataclass(frozen=True)
class Thread:
    """The mails that the review without a command is about: their subject line, and what is known of the pairs."""

    title: str
    known: tuple[Known, ...]


def review_thread(
    subject: Subject, *, arch: str | None, max_examples: int, seed: int, listen: Listen = silent
) -> list[tuple[Known, Verdict]]:
    """Every pair of the subject's thread with its verdict, in order. The versions run once on each scenario."""
    known = subject.thread.known if subject.thread else ()
    verdicts: dict[Known, Verdict] = {}
    for hostile in dict.fromkeys(row.hostile for row in known):
        rows = [row for row in known if row.hostile == hostile]
        reviewed = review(
            subject,
            [(row.base, row.candidate) for row in rows],
            arch=arch,
            hostile=hostile,
            max_examples=max_examples,
            seed=seed,
            listen=listen,
        )
        verdicts |= dict(zip(rows, reviewed, strict=True))
    return [(row, verdicts[row]) for row in known]


# -- the bugs


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug of one version, and the `kind` of divergence by which it is known. Several kinds: a Bug each."""

    version: str
    title: str
    fixed_by: str
    kind: str
    also: frozenset[str] = frozenset()  # other kinds that the same review finds
    may: frozenset[str] = frozenset()
    base: str = ""  # the subject's base where none is named
    hostile: str | None = None
    arches: tuple[str, ...] = tuple(ARCHES)  # where the version does anything wrong

    @property
    def must(self) -> frozenset[str]:
        return self.also | {self.kind}


@dataclass(frozen=True)
class Hunted:
    """How soon `bug` was found. A hunt is one seed on one architecture; both tuples have an item a hunt."""

    bug: Bug
    counts: tuple[int | None, ...]  # scenarios until its kind was first seen, from 1; None: not within max_examples
    seconds: tuple[float, ...]  # wall clock of the hunt, generating and running

    @property
    def found_by_all(self) -> bool:
        """Whether every hunt found it."""
        return None not in self.counts

    @property
    def typical(self) -> tuple[float, float, float]:
        """Median (the lower of two), least and most of `counts`; what was not found counts as infinite."""
        counts = [math.inf if count is None else count for count in self.counts]
        return median_low(counts), min(counts), max(counts)


def arches_of_bugs(subject: Subject, arch: str | None) -> list[tuple[Bug, list[str]]]:
    """Each bug with the architectures to hunt it on: all that it has, or `arch` alone, or none. Raises UsageError."""
    chosen = {bug: chosen_arches(subject, arch, bug.hostile) for bug in subject.bugs}
    return [(bug, [name for name in arches if name in bug.arches]) for bug, arches in chosen.items()]


def hunt_all(
    subject: Subject, arch: str | None, seeds: int, max_examples: int, listen: Listen = silent
) -> list[Hunted]:
    """Hunt every bug of the subject with the seeds 0..seeds-1 on each of its architectures. Raises UsageError."""
    bugs = arches_of_bugs(subject, arch)
    total = seeds * sum(len(arches) for _, arches in bugs)
    rows: list[Hunted] = []

    def of_all(message: Progress) -> None:
        before = sum(len(row.counts) for row in rows)
        listen(Progress(message.work, before + message.done, total))

    for bug, arches in bugs:
        rows.append(hunt(subject, bug, arches, seeds, max_examples, of_all))
    return rows


def hunt(
    subject: Subject, bug: Bug, arches: Sequence[str], seeds: int, max_examples: int, listen: Listen = silent
) -> Hunted:
    """Hunt `bug` on each of `arches` with the seeds 0..seeds-1, `max_examples` scenarios at most in each hunt.

    The contract is the default one. Raises VersionError.
    """
    pair = load(bug.base or subject.base, subject.function), load(bug.version, subject.function)
    hunts = list(product(arches, range(seeds)))
    counts: list[int | None] = []
    seconds: list[float] = []
    for arch, seed in hunts:
        listen(Progress(bug.title, len(counts), len(hunts)))
        started = time.perf_counter()
        counts.append(_first_seen(subject, bug, pair, arch, seed, max_examples))
        seconds.append(time.perf_counter() - started)
    return Hunted(bug, tuple(counts), tuple(seconds))


def _first_seen(
    subject: Subject, bug: Bug, pair: tuple[Version, Version], arch: str, seed: int, max_examples: int
) -> int | None:
    """Which scenario of `seed` is the first on which the version shows the bug's kind, from 1."""

    def first(tally: PairTally) -> int | None:
        hits = (seen.first for (kind, by, _), seen in tally.seen.items() if (kind, by) == (bug.kind, "candidate"))
        return min(hits, default=None)

    (tally,) = explore(
        subject, arch, [pair], CONTRACTS[DEFAULT_CONTRACT], bug.hostile, max_examples, seed,
        enough=lambda tally: first(tally) is not None,
    )  # fmt: skip
    return first(tally)
