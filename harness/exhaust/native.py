# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of kernel text on every table of a block, in C; what is not surely the same goes to the judge."""

from dataclasses import replace

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.child import Child
from pte_review.harness.exhaust.model import PythonBackend
from pte_review.harness.exhaust.tally import COUNTS, Example, Found, Tally, merge
from pte_review.harness.judging.contracts import Contract
from pte_review.models.native.exhaust import MOST_ENTRIES, Pair, Sort, prepare
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.scenario import Scenario

MOST_TOLD = 10_000  # tables of one sort that are judged one by one


class NativeBackend:
    """Runs in a child: one that dies or hangs costs the table it was at, which is judged by itself."""

    piece = 4_000_000

    def __init__(self, base: TreeVersion, candidate: TreeVersion, contract: Contract) -> None:
        prepare()  # what is missing here is said before anything runs
        self.base, self.candidate, self.contract = base, candidate, contract
        self._judge = PythonBackend(base, candidate, contract)
        self._child = Child(base, candidate, exact=self._exact)

    def run(self, block: Block, first: int, end: int) -> Tally:
        """See Backend. Ends early, `slow`, after a table that took seconds."""
        if not self._can(block.template):
            return self._judge.run(block, first, end)
        tally, longest = Tally(), end - first
        while first < end and not tally.slow:
            last = min(end, first + longest)
            stopped = self._child.run(block, first, last)
            if self._child.tables.full:
                longest = max(1, (stopped - first) // 2)
                continue
            tally = merge(tally, self._tally(block, first, stopped))
            first = stopped
            if first < last:
                tally = merge(tally, self._judge.run(block, first, first + 1))
                first += 1
        return tally

    def _can(self, template: Scenario) -> bool:
        """Whether the C can do it: it starts no run afresh but for the tables, and knows no sharing."""
        return (
            template.config.ptrs_per_pte <= MOST_ENTRIES
            and not any(folio.shared for folio in template.folios)
            and not any(version.unit(template.arch).keeps_state for version in (self.base, self.candidate))
        )

    @property
    def _exact(self) -> bool:
        return not self.contract.accessed_dirty_free

    def _tally(self, block: Block, first: int, end: int) -> Tally:
        """Of the stretch that the child has run."""
        counted = self._child.tables.counted()
        tally = Tally(
            tables=end - first - sum(sort.tables for sort in counted.sorts.values()),
            equal=counted.equal,
            allowed=counted.allowed,
            shared=counted.shared,
            changed=counted.changed,
            allowed_kinds=counted.allowed_kinds,
            exercised=counted.exercised,
        )
        for number, sort in sorted(counted.sorts.items()):
            tally = merge(tally, self._sort(block, number, sort, first, end))
        return tally

    def _sort(self, block: Block, number: int, sort: Sort, first: int, end: int) -> Tally:
        """The tables of one sort: as the smallest, if that diverges or the rest cannot differ; otherwise one by one."""
        smallest = self._judged(block, sort.table)
        if sort.order_alone and not smallest.found and not smallest.undecided:
            return replace(smallest, **{name: getattr(smallest, name) * sort.tables for name in COUNTS})
        if smallest.diverging:
            example = Example(sort.entries, 0, sort.table)
            found = {kind: Found(sort.tables, example) for kind in smallest.found}
            return Tally(tables=sort.tables, diverging=sort.tables, found=found, slow=smallest.slow)
        tally = Tally()
        pair = Pair(self.base, self.candidate, block.template, [(unit.indices, unit.choices) for unit in block.units])
        for table in pair.of_sort(first, end, number, MOST_TOLD, exact=self._exact):
            tally = merge(tally, self._judged(block, table))
        left = sort.tables - tally.tables
        why = f"more than {MOST_TOLD:,} tables of one sort to judge one by one" if left else ""
        return merge(tally, Tally(tables=left, undecided=left, why=why))

    def _judged(self, block: Block, table: int) -> Tally:
        """One table by the judge; `changed` and `exercised` are counted by the C."""
        return replace(self._judge.run(block, table, table + 1), changed=0, exercised={})
