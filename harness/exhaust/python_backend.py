# SPDX-License-Identifier: GPL-2.0-only
"""The backend that can run any pair: the Python machine on every case, judged where the outcomes are not the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.tally import Example, Kind, KindCount, SpaceTally, merge
from pte_review.harness.judging.contracts import Contract
from pte_review.harness.judging.judge import Judgement
from pte_review.harness.search.explore import writes
from pte_review.harness.side_by_side import SideBySide, compare_on_each
from pte_review.harness.subject import Subject
from pte_review.models.outcome import RETURNED, UNMODELLED, Outcome
from pte_review.models.version import Version

FREE = {"tables", "events", "exercised"}  # of an Outcome: compared by themselves, or not at all
_the_rest = attrgetter(*(field.name for field in fields(Outcome) if field.name not in FREE))


AT_ONCE = 32  # cases that a version with a process of its own is given


class PythonBackend:
    """Runs both versions on every case; judges only where the two outcomes are not the same."""

    piece = 10_000

    def __init__(self, subject: Subject, base: Version, candidate: Version, contract: Contract) -> None:
        self.subject, self.base, self.candidate, self.contract = subject, base, candidate, contract

    def run(self, block: Block, first: int, end: int) -> SpaceTally:
        """See Backend. Ends early, `slow`, after a run that took seconds."""
        counts: Counter[str] = Counter()
        exercised: Counter[str] = Counter()
        rest, pair = SpaceTally(), (self.base, self.candidate)
        for case, compared in self._each(block, first, end):
            base, candidate = map(compared.outcome, pair)
            exercised.update(candidate.exercised)
            counts["changed"] += base.events != candidate.events and writes(base.events) != writes(candidate.events)
            if same(base, candidate) and _cached_alike(compared, base, candidate):
                counts["equal"] += 1
                continue
            entries = len(compared.scenario.tables[0].entries)
            rest = merge(rest, self._judged(Example(entries, 0, case), compared))
            if rest.slow:
                end = case + 1
                break
        plain = SpaceTally(
            tables=end - first, equal=counts["equal"], changed=counts["changed"], exercised=dict(exercised)
        )
        return merge(plain, rest)

    def _each(self, block: Block, first: int, end: int) -> Iterator[tuple[int, SideBySide]]:
        """Both on each case of [first, end)."""
        for start in range(first, end, AT_ONCE):
            scenarios = map(block.scenario, range(start, min(start + AT_ONCE, end)))
            compared = compare_on_each(self.subject, scenarios, (self.base, self.candidate), self.contract)
            yield from enumerate(compared, start)

    def _judged(self, example: Example, compared: SideBySide) -> SpaceTally:
        """The tally of one case but for what run() counts itself."""
        base, candidate = compared.outcome(self.base), compared.outcome(self.candidate)
        slow = base.slow or candidate.slow
        missing = [outcome.why for outcome in (base, candidate) if outcome.ended == UNMODELLED]
        if missing:
            return SpaceTally(undecided=1, why=missing[0], slow=slow)
        judgement = compared.pair(self.base, self.candidate).judgement
        kinds: set[Kind] = {(d.finding.kind, d.by) for d in judgement.differences}
        verdict = _verdict(judgement)
        return SpaceTally(
            equal=int(verdict == "equal"),
            allowed=int(verdict == "allowed"),
            shared=int(verdict == "shared"),
            diverging=int(verdict == "diverging"),
            allowed_kinds=dict(judgement.allowed),
            by_kind={kind: KindCount(1, example) for kind in kinds},
            slow=slow,
        )


def _verdict(judgement: Judgement) -> str:
    if judgement.differences:
        return "diverging"
    if judgement.shared:
        return "shared"
    return "allowed" if judgement.allowed else "equal"


def _cached_alike(compared: SideBySide, base: Outcome, candidate: Outcome) -> bool:
    """Whether the same translations outlive two runs that left the same: what was cached meanwhile decides as well."""
    if not base.stale_at_end or base.events == candidate.events:
        return True
    return compared.promise.outlived(base) == compared.promise.outlived(candidate)


def same(base: Outcome, candidate: Outcome) -> bool:
    """Whether both returned and left the same: all but events and paths.

    Where nobody acts no rule reads those but the one about flushes that wait until the caller is done.
    """
    return base.tables == candidate.tables and base.ended == RETURNED and bool(_the_rest(base) == _the_rest(candidate))
