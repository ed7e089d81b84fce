# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that versions of move_ptes() are known to have had, and how soon each is found.

Every kind named here follows from the rules of the machine. As in thread.py `must` is found in every review of the
default length, `may` needs a config or a table that short reviews do not always draw.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median_low

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.review import chosen_arches
from pte_review.harness.search.explore import Progress, Tally, explore
from pte_review.harness.thread import OCCUPIED, SMEAR, SMEAR_RARE, UNASSIGNED
from pte_review.models.arch import ARCHES
from pte_review.models.port import Version, load

DEFAULT_SEEDS = 20
MOST_SEEDS = 10_000

# v2 moves a swap entry or marker as if it were the last batch over again, with whatever stands behind it.
STALE_NR = frozenset({"entry-lost", "wrong-page", "primitive-contract", "outside-range"})
STALE_NR_RARE = frozenset(
    {"lock-leak", "foreign-entry", "other-bits", "table-overrun", "stale-tlb", "uffd-wp-kept", "uffd-wp-lost"}
)

STALE, LOST = frozenset({"stale-tlb"}), frozenset({"dirty-lost"})


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug of one version, and the `kind` of divergence by which it is known. Several kinds: a Bug each."""

    version: str
    title: str
    fixed_by: str
    kind: str
    also: frozenset[str] = frozenset()  # other kinds that the same review finds
    may: frozenset[str] = frozenset()
    base: str = "pre_patch"
    hostile: str | None = None
    arches: tuple[str, ...] = tuple(ARCHES)  # where the version does anything wrong

    @property
    def must(self) -> frozenset[str]:
        return self.also | {self.kind}


BUGS = (
    # The lost writes take three events of two CPUs, which are scheduled in some scenarios.
    Bug("before_dirty_flush", "flush under no lock", "5d1904204c99", "stale-tlb", LOST),
    Bug("before_dirty_flush", "the write it loses", "5d1904204c99", "dirty-lost", STALE),
    Bug("before_dirty_recheck", "dirty asked early", "in v4.9", "dirty-lost", STALE),
    Bug("before_flush_under_ptl", "flush after new PTL", "eb66ae030829", "stale-tlb"),
    Bug("before_uffd_wp_clear", "uffd-wp moves along", "0cef0bb836e3", "uffd-wp-kept"),
    # v1 makes batches of contpte entries alone; the warning needs CONFIG_DEBUG_VM.
    Bug("v1_stride", "v1: steps by one", "patch v2", "warning-extra", SMEAR, SMEAR_RARE, arches=("arm64",)),
    Bug("v2_stale_nr", "v2: stale nr", "patch v3", "entry-left-behind", SMEAR | STALE_NR, SMEAR_RARE | STALE_NR_RARE),
    Bug("v4", "v4: write bit smear", "04d1c9d60c6e", "write-gained", SMEAR, SMEAR_RARE),
    # 0b5be138ce00: x86_64 has no batches any more; on arm64 one begins in a contpte block and has to reach out of it.
    Bug(
        "v4_batch_hint", "the same in v6.17", "04d1c9d60c6e", "write-gained",
        may=SMEAR_RARE | {"write-lost"}, arches=("arm64",),
    ),
    Bug("refactor", "refactor: pte unset", "not merged", "unassigned-read", SMEAR | UNASSIGNED, SMEAR_RARE),
    Bug("refactor_clear_new", "dispute: clears new", "not merged", "entry-left-behind", base="v4"),
    Bug("refactor_keep_old", "dispute: keeps old", "not merged", "entry-duplicated", base="v4"),
    Bug(
        "refactor_intended", "new entry is kept", "not merged", "destination-kept",
        may=frozenset({"stale-tlb"}), base="v4", hostile=OCCUPIED,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """How soon `bug` was found. A hunt is one seed on one architecture; both tuples have an item a hunt."""

    bug: Bug
    counts: tuple[int | None, ...]  # scenarios until its kind was first seen, from 1; None: not within max_examples
    seconds: tuple[float, ...]  # wall clock of the hunt, generating and running

    @property
    def found(self) -> bool:
        """Whether every hunt found it."""
        return None not in self.counts

    @property
    def typical(self) -> tuple[float, float, float]:
        """Median (the lower of two), least and most of `counts`; what was not found counts as infinite."""
        counts = [math.inf if count is None else count for count in self.counts]
        return median_low(counts), min(counts), max(counts)


def hunted(arch: str | None) -> list[tuple[Bug, list[str]]]:
    """Each bug with the architectures to hunt it on: all that it has, or `arch` alone, or none. Raises UsageError."""
    chosen = {bug: chosen_arches(arch, bug.hostile) for bug in BUGS}
    return [(bug, [name for name in arches if name in bug.arches]) for bug, arches in chosen.items()]


def measure(
    bug: Bug, arches: Sequence[str], seeds: int, max_examples: int, progress: Progress | None = None
) -> Measured:
    """Hunt `bug` on each of `arches` with the seeds 0..seeds-1, `max_examples` scenarios at most in each hunt.

    The contract is the default one. `progress` is told before each hunt how many are over. Raises VersionError.
    """
    pair = load(bug.base), load(bug.version)
    counts: list[int | None] = []
    seconds: list[float] = []
    for arch, seed in product(arches, range(seeds)):
        if progress is not None:
            progress(len(counts))
        started = time.perf_counter()
        counts.append(_first_seen(bug, pair, arch, seed, max_examples))
        seconds.append(time.perf_counter() - started)
    return Measured(bug, tuple(counts), tuple(seconds))


def _first_seen(bug: Bug, pair: tuple[Version, Version], arch: str, seed: int, max_examples: int) -> int | None:
    """Which scenario of `seed` is the first on which the version shows the bug's kind, from 1."""

    def first(tally: Tally) -> int | None:
        hits = (seen.first for (kind, by, _), seen in tally.seen.items() if (kind, by) == (bug.kind, "candidate"))
        return min(hits, default=None)

    (tally,) = explore(
        arch, [pair], CONTRACTS["folio-ad"], bug.hostile, max_examples, seed,
        enough=lambda tally: first(tally) is not None,
    )  # fmt: skip
    return first(tally)
