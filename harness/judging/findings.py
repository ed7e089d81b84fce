# SPDX-License-Identifier: GPL-2.0-only
"""Everything that is wrong with one outcome, without a partner to compare it with."""

from collections.abc import Iterator

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.onlookers import onlooker_findings
from pte_review.harness.judging.promise import Promise
from pte_review.harness.judging.tables import table_findings
from pte_review.models.machine.kernel import EAGAIN
from pte_review.models.machine.locks import lock_name
from pte_review.models.outcome import RETURNED, Outcome


def findings_of(promise: Promise, outcome: Outcome) -> list[Finding]:
    """Where `outcome` breaks the promise. A run that ended early is judged only for how it ended."""
    if outcome.ended != RETURNED:
        return [Finding(outcome.ended, what=outcome.variable)]
    findings = list(_of_run(promise, outcome))
    if promise.scenario.actions:
        promise = promise.with_actions(outcome)
    if promise.is_done(outcome):
        findings += table_findings(promise, outcome)
    elif outcome.returned == -EAGAIN and outcome.tables != promise.untouched:
        findings.append(Finding("return-value", what="-EAGAIN after entries were changed"))
    if promise.scenario.actions:
        findings += onlooker_findings(promise, outcome, findings)
    return findings


def _of_run(promise: Promise, outcome: Outcome) -> Iterator[Finding]:
    if what := promise.wrong_return(outcome):
        yield Finding("return-value", what=what)
    for lock in outcome.held:
        yield Finding("lock-leak", what=f"returns with the {lock_name(promise.scenario, lock)} lock held")
    if outcome.mapped:
        yield Finding("lock-leak", what="returns with a page table mapped")
    if outcome.lazy_mmu:
        yield Finding("lock-leak", what="returns in lazy MMU mode")
    for text in outcome.imbalances:
        yield Finding("lock-leak", what=text)
    for text in outcome.violations:
        yield Finding("primitive-contract", what=text)
    for text in outcome.facts:
        if text in promise.forbidden_facts:
            yield Finding(promise.forbidden_facts[text], what=text)
    for text in outcome.bugs:
        yield Finding("page-table-check", what=text)
    if promise.returned >= 0:  # a call that finds no table changes nothing, and leaves reclaim's flush to reclaim
        yield from (Finding("stale-tlb", *promise.scenario.places.place(ptep)) for ptep in promise.outlived(outcome))
