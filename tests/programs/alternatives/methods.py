# SPDX-License-Identifier: GPL-2.0-only
"""The bugs, and the ways of looking for them: pte-review, plain lists, CrossHair."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import PairTally
from pte_review.harness.subjects.move_ptes.history import BUGS as KNOWN_BUGS
from pte_review.models.arch import ARCHES
from tests.kit.moves import explore, load
from tests.programs.alternatives.bounded import compare
from tests.programs.alternatives.lists import LISTS, search
from tests.programs.alternatives.symbolic import FORMS
from tests.programs.alternatives.tries import Tries, Try

SEEDS = 20
SAME_TABLES = {"stale-tlb", "dirty-lost", "warning-extra"}  # kinds that no table shows
MOST_SCENARIOS = 100_000


@dataclass(frozen=True)
class Bug:
    """A version with a bug, one without, and the kind of divergence that tells them apart; "" for a right version."""

    version: str
    base: str
    kind: str
    hostile: str | None = None
    arches: tuple[str, ...] = tuple(ARCHES)
    title: str = ""  # of a control

    @property
    def unseen(self) -> str:
        """Why a comparison of the tables that are left behind cannot show it; "" if it can."""
        if self.hostile:
            return "not drawn"
        return "same tables" if self.kind in SAME_TABLES else ""


# Against the loop before the patch: what else differs comes first and is counted.
BUGS = tuple(
    Bug(bug.version, bug.base if bug.hostile and bug.base else "pre_patch", bug.kind, bug.hostile, bug.arches)
    for bug in KNOWN_BUGS
)
CONTROLS = (  # the second batches on x86_64 as well
    Bug("v4_fixed", "pre_patch", "", title="no bug, any difference is a false alarm"),
    Bug("v4_respect_write", "pre_patch", "", title="differs on shadow stacks and in invalid CONT"),
)

Method = Callable[[Bug, str, float], Tries]


def by_pte_review(bug: Bug, arch: str, seconds: float) -> Tries:
    """Scenarios until its kind is seen; for a control any kind on legal tables counts, and should not be there."""
    pair = (load(bug.base), load(bug.version))

    def one(start: int, left: float) -> Try:
        began = time.monotonic()

        def enough(tally: PairTally) -> bool:
            return _seen(tally, bug.kind) or time.monotonic() - began > left

        contract = CONTRACTS["folio-ad"]
        (tally,) = explore(arch, [pair], contract, bug.hostile, MOST_SCENARIOS, start, enough=enough)
        found = _seen(tally, bug.kind)
        others = len({kind for kind, _, _ in tally.seen} - {bug.kind})
        return Try(found, tally.examples, others, time.monotonic() - began)

    return _seeds(one, seconds)


def _seen(tally: PairTally, kind: str) -> bool:
    return any(not kind or kind == seen for seen, _, _ in tally.seen)


def by_lists(which: str) -> Method:
    def method(bug: Bug, arch: str, seconds: float) -> Tries:
        pair, strategy = (load(bug.base), load(bug.version)), LISTS[which](arch)
        return _seeds(lambda start, left: search(strategy, pair, bug.kind, start, left), seconds)

    return method


def by_crosshair(form: str) -> Method:
    def method(bug: Bug, arch: str, seconds: float) -> Tries:
        return Tries([compare(bug.base, bug.version, bug.kind, arch, form, seconds)])

    return method


def _seeds(one: Callable[[int, float], Try], seconds: float) -> Tries:
    """Seed after seed, until one finds nothing or all `seconds` are used up."""
    tries, end = Tries(), time.monotonic() + seconds
    for start in range(SEEDS):
        if start and time.monotonic() >= end:
            break
        tries.seeds.append(one(start, end - time.monotonic()))
        if not tries.seeds[-1].found:
            break
    return tries


METHODS: dict[str, Method] = {
    "pte-review": by_pte_review,
    **{f"lists, {which}": by_lists(which) for which in LISTS},
    **{f"CrossHair, {form}": by_crosshair(form) for form in FORMS},
}
