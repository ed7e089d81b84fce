# SPDX-License-Identifier: GPL-2.0-only
"""Everything that is wrong with one outcome, without a partner to compare it with."""

from collections.abc import Iterator

from pte_review.harness.judging.entries import table_findings
from pte_review.harness.judging.events import event_findings
from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.finding import Finding
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.kernel import EAGAIN
from pte_review.models.machine.locks import LOCK_NAMES
from pte_review.models.outcome import RETURNED, Outcome


def findings(x: Expected, outcome: Outcome) -> list[Finding]:
    """The rules that `outcome` breaks. A run that ended early is judged only for how it ended."""
    if outcome.ended != RETURNED:
        return [Finding(outcome.ended, what=outcome.variable)]
    found = list(_run(x, outcome))
    if x.scenario.scheduled:
        x = x.with_events(outcome)
    if outcome.returned == 0 and x.returned == 0:
        found += table_findings(x, outcome)
    elif outcome.returned == -EAGAIN:
        old, new = x.untouched
        if outcome.old_table != old or (outcome.new_table and outcome.new_table != new):
            found.append(Finding("return-value", what="-EAGAIN after entries were changed"))
    if x.scenario.scheduled:
        found += event_findings(x, outcome, found)
    return found


def _run(x: Expected, outcome: Outcome) -> Iterator[Finding]:
    if outcome.returned != x.returned:
        yield Finding("return-value", what=f"{outcome.returned} instead of {x.returned}")
    for lock in outcome.held:
        yield Finding("lock-leak", what=f"returns with the {LOCK_NAMES.get(lock, lock)} lock held")
    if outcome.mapped:
        yield Finding("lock-leak", what="returns with a page table mapped")
    if outcome.lazy_mmu:
        yield Finding("lock-leak", what="returns in lazy MMU mode")
    for what in outcome.imbalances:
        yield Finding("lock-leak", what=what)
    for what in outcome.violations:
        yield Finding("primitive-contract", what=what)
    for what in outcome.bugs:
        yield Finding("page-table-check", what=what)
    if x.returned == 0:  # a call that finds no table moves nothing, and leaves reclaim's flush to reclaim
        yield from (_stale(x, address) for address in outcome.stale)


def _stale(x: Expected, address: int) -> Finding:
    scenario = x.scenario
    for table, base in (("old", scenario.old_base), ("new", scenario.new_base)):
        if base <= address < base + scenario.pmd_size:
            return Finding("stale-tlb", table, (address - base) >> PAGE_SHIFT)
    return Finding("stale-tlb", what=f"at {address:#x}")
