# SPDX-License-Identifier: GPL-2.0-only
"""The bugs, and the ways of looking for them: pte-review, plain lists, CrossHair."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import PairTally, explore
from pte_review.models.arch import ARCHES
from tests.kit.study import Study
from tests.programs.alternatives.bounded import compare
from tests.programs.alternatives.lists import LISTS, search
from tests.programs.alternatives.symbolic import FORMS
from tests.programs.alternatives.tries import Tries, Try

SEEDS = 20
MOST_SCENARIOS = 100_000


@dataclass(frozen=True)
class Hunt:
    """A version with a bug, one without, and the kind of divergence that tells them apart; "" for a right version."""

    study: Study
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
        return "same tables" if self.kind in self.study.plain.unseen else ""

    @property
    def pair(self) -> tuple[str, str]:
        """As people type it."""
        return self.study.full_name(self.base), self.study.full_name(self.version)


def hunts(study: Study) -> list[Hunt]:
    """Against the base of the subject: what else differs comes first and is counted. Controls come last."""
    base, plain = study.subject.base, study.plain
    bugs = [
        Hunt(study, bug.version, bug.base if bug.hostile and bug.base else base, bug.kind, bug.hostile, bug.arches)
        for bug in plain.bugs
    ]
    return [*bugs, *(Hunt(study, version, base, "", title=title) for version, title in plain.controls)]


Method = Callable[[Hunt, str, float], Tries]


def by_pte_review(hunt: Hunt, arch: str, seconds: float) -> Tries:
    """Scenarios until its kind is seen; for a control any kind on legal tables counts, and should not be there."""
    pair = (hunt.study.load(hunt.pair[0]), hunt.study.load(hunt.pair[1]))

    def one(start: int, left: float) -> Try:
        began = time.monotonic()

        def enough(tally: PairTally) -> bool:
            return _seen(tally, hunt.kind) or time.monotonic() - began > left

        contract = CONTRACTS["folio-ad"]
        subject = hunt.study.subject
        (tally,) = explore(subject, arch, [pair], contract, hunt.hostile, MOST_SCENARIOS, start, enough=enough)
        found = _seen(tally, hunt.kind)
        others = len({kind for kind, _, _ in tally.seen} - {hunt.kind})
        return Try(found, tally.examples, others, time.monotonic() - began)

    return _seeds(one, seconds)


def _seen(tally: PairTally, kind: str) -> bool:
    return any(not kind or kind == seen for seen, _, _ in tally.seen)


def by_lists(which: str) -> Method:
    def method(hunt: Hunt, arch: str, seconds: float) -> Tries:
        pair = (hunt.study.load(hunt.pair[0]), hunt.study.load(hunt.pair[1]))
        return _seeds(lambda start, left: search(hunt.study, which, arch, pair, hunt.kind, start, left), seconds)

    return method


def by_crosshair(form: str) -> Method:
    def method(hunt: Hunt, arch: str, seconds: float) -> Tries:
        return Tries([compare(hunt.study, hunt.pair, hunt.kind, arch, form, seconds)])

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
