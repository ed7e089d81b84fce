# SPDX-License-Identifier: GPL-2.0-only
"""The backend that can run any pair: the Python model on every table, judged where the outcomes are not the same."""

from collections import Counter
from dataclasses import fields
from operator import attrgetter

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.tally import Example, Found, Kind, Tally, merge
from pte_review.harness.judging.contracts import Contract
from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.judge import Judgement, in_their_kernel, judge
from pte_review.harness.judging.rules import findings
from pte_review.harness.search.explore import writes
from pte_review.models.outcome import RETURNED, UNMODELLED, Outcome
from pte_review.models.port import Version
from pte_review.models.run import run
from pte_review.models.scenario import Scenario

FREE = {"old_table", "new_table", "events", "exercised"}  # of an Outcome: compared by themselves, or not at all
_the_rest = attrgetter(*(field.name for field in fields(Outcome) if field.name not in FREE))


class PythonBackend:
    """pte_review.models.run on every table; judged only where the two outcomes are not the same."""

    piece = 10_000

    def __init__(self, base: Version, candidate: Version, contract: Contract) -> None:
        self.base, self.candidate, self.contract = base, candidate, contract

    def run(self, block: Block, first: int, end: int) -> Tally:
        """See Backend. Ends early, `slow`, after a run that took seconds."""
        counts: Counter[str] = Counter()
        exercised: Counter[str] = Counter()
        rest, pair = Tally(), (self.base, self.candidate)
        for table in range(first, end):
            scenario = in_their_kernel(block.scenario(table), pair)
            base, candidate = run(scenario, self.base), run(scenario, self.candidate)
            exercised.update(candidate.exercised)
            counts["changed"] += base.events != candidate.events and writes(base.events) != writes(candidate.events)
            if same(base, candidate):
                counts["equal"] += 1
                continue
            rest = merge(rest, self._judged(Example(len(scenario.old_table), 0, table), scenario, base, candidate))
            if rest.slow:
                end = table + 1
                break
        plain = Tally(tables=end - first, equal=counts["equal"], changed=counts["changed"], exercised=dict(exercised))
        return merge(plain, rest)

    def _judged(self, example: Example, scenario: Scenario, base: Outcome, candidate: Outcome) -> Tally:
        """The tally of one table but for what run() counts itself."""
        slow = base.slow or candidate.slow
        missing = [outcome.why for outcome in (base, candidate) if outcome.ended == UNMODELLED]
        if missing:
            return Tally(undecided=1, why=missing[0], slow=slow)
        x = Expected(scenario)
        judgement = judge(self.contract, x, base, findings(x, base), candidate, findings(x, candidate))
        kinds: set[Kind] = {(d.finding.kind, d.by) for d in judgement.diverging}
        verdict = _verdict(judgement)
        return Tally(
            equal=int(verdict == "equal"),
            allowed=int(verdict == "allowed"),
            shared=int(verdict == "shared"),
            diverging=int(verdict == "diverging"),
            allowed_kinds=dict(judgement.allowed),
            found={kind: Found(1, example) for kind in kinds},
            slow=slow,
        )


def _verdict(judgement: Judgement) -> str:
    if judgement.diverging:
        return "diverging"
    if judgement.shared:
        return "shared"
    return "allowed" if judgement.allowed else "equal"


def same(base: Outcome, candidate: Outcome) -> bool:
    """Whether both returned and left the same: all but events and paths, which no rule reads without a schedule.

    Such outcomes have the same findings, so that nothing of the pair diverges.
    """
    return (
        base.old_table == candidate.old_table
        and base.new_table == candidate.new_table
        and base.ended == RETURNED
        and bool(_the_rest(base) == _the_rest(candidate))
    )
