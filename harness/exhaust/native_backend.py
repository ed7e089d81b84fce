# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of kernel text on every case of a block, in C; a case that may differ goes to the judge."""

from dataclasses import replace

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_child import Stretches
from pte_review.harness.exhaust.native_pair import DifferenceGroup, prepare
from pte_review.harness.exhaust.python_backend import PythonBackend
from pte_review.harness.exhaust.tally import COUNTS, Example, KindCount, SpaceTally, merge
from pte_review.harness.judging.contracts import Contract
from pte_review.harness.subject import Subject
from pte_review.models.native.arena import MOST_BARE_ENTRIES
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.scenario import Scenario

MOST_JUDGED = 10_000  # cases of one group that are judged one by one


class NativeBackend:
    """Runs in a child: one that dies or hangs costs the case it was at, which is judged by itself."""

    piece = 4_000_000

    def __init__(self, subject: Subject, base: TreeVersion, candidate: TreeVersion, contract: Contract) -> None:
        prepare()  # what is missing here is said before anything runs
        self.subject, self.base, self.candidate, self.contract = subject, base, candidate, contract
        self._judge = PythonBackend(subject, base, candidate, contract)
        self._stretches = Stretches(base, candidate, subject.promise, exact=self._exact)

    def run(self, block: Block, first: int, end: int) -> SpaceTally:
        """See Backend. Ends early, `slow`, after a case that took seconds."""
        if not self._can(block.template):
            return self._judge.run(block, first, end)
        tally, longest = SpaceTally(), end - first
        while first < end and not tally.slow:
            last = min(end, first + longest)
            stopped = self._stretches.run(block, first, last)
            if self._stretches.counts.full:
                longest = max(1, (stopped - first) // 2)
                continue
            tally = merge(tally, self._tally(block, first, stopped))
            first = stopped
            if first < last:
                tally = merge(tally, self._judge.run(block, first, first + 1))
                first += 1
        return tally

    def _can(self, template: Scenario) -> bool:
        """Whether the native backend supports this block.

        It resets only the page tables between runs, so there may be no static state in the tree, and page_table_check
        does not count what another process maps.
        """
        return (
            template.config.ptrs_per_pte <= MOST_BARE_ENTRIES
            and not (template.config.page_table_check and any(folio.shared for folio in template.folios))
            and not any(version.unit(template.arch).keeps_state for version in (self.base, self.candidate))
        )

    @property
    def _exact(self) -> bool:
        return not self.contract.accessed_dirty_free

    def _tally(self, block: Block, first: int, end: int) -> SpaceTally:
        """Of the stretch that the child has run."""
        counted = self._stretches.counts.counted(self._stretches.free.names)
        tally = SpaceTally(
            tables=end - first - sum(group.cases for group in counted.groups.values()),
            equal=counted.equal,
            allowed=counted.allowed,
            shared=counted.shared,
            changed=counted.changed,
            allowed_kinds=counted.allowed_kinds,
            exercised=counted.exercised,
        )
        for number, group in sorted(counted.groups.items()):
            tally = merge(tally, self._group(block, number, group, first, end))
        return tally

    def _group(self, block: Block, number: int, group: DifferenceGroup, first: int, end: int) -> SpaceTally:
        """Judge one group of differing cases: by its smallest if that diverges or only the order of calls differs.

        Else one by one.
        """
        smallest = self._judged(block, group.smallest)
        if group.order_alone and not smallest.by_kind and not smallest.undecided:
            return replace(smallest, **{name: getattr(smallest, name) * group.cases for name in COUNTS})
        if smallest.diverging:
            example = Example(group.entries, 0, group.smallest)
            by_kind = {kind: KindCount(group.cases, example) for kind in smallest.by_kind}
            return SpaceTally(tables=group.cases, diverging=group.cases, by_kind=by_kind, slow=smallest.slow)
        tally = SpaceTally()
        for case in self._stretches.of_group(block, first, end, number, MOST_JUDGED):
            tally = merge(tally, self._judged(block, case))
        rest = group.cases - tally.tables
        why = f"more than {MOST_JUDGED:,} tables that differ in one way to judge one by one" if rest else ""
        return merge(tally, SpaceTally(tables=rest, undecided=rest, why=why))

    def _judged(self, block: Block, case: int) -> SpaceTally:
        """One case by the judge; `changed` and `exercised` are counted by the C."""
        return replace(self._judge.run(block, case, case + 1), changed=0, exercised={})
