# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of kernel text on every table of a block, in C; what is not surely the same goes to the judge."""

import os
import select
import signal
import time
from dataclasses import replace

from harness.exhaust.block import Block
from harness.exhaust.model import PythonBackend
from harness.exhaust.tally import COUNTS, Example, Found, Tally, merge
from harness.judging.contracts import Contract
from models.native.exhaust import MOST_ENTRIES, Pair, Sort, Tables, prepare
from models.native.variant import TreeVariant
from models.scenario import Scenario
from models.watchdog import CPU_SECONDS

MOST_TOLD = 10_000  # tables of one sort that are judged one by one
LOOK_EVERY = 0.2  # seconds


class NativeBackend:
    """Runs in a forked process: one that dies or hangs costs the table it was at, which is judged by itself."""

    piece = 4_000_000

    def __init__(self, base: TreeVariant, candidate: TreeVariant, contract: Contract) -> None:
        prepare()  # what is missing here is said before anything runs
        self.base, self.candidate, self.contract = base, candidate, contract
        self._judge = PythonBackend(base, candidate, contract)

    def run(self, block: Block, first: int, end: int) -> Tally:
        """See Backend. Ends early, `slow`, after a table that took seconds."""
        if not self._can(block.template):
            return self._judge.run(block, first, end)
        pair = Pair(self.base, self.candidate, block.template, [(unit.indices, unit.choices) for unit in block.units])
        tally, longest = Tally(), end - first
        while first < end and not tally.slow:
            tables, last = Tables(), min(end, first + longest)
            stopped = self._stretch(pair, tables, first, last)
            if tables.full:
                longest = max(1, (stopped - first) // 2)
                continue
            tally = merge(tally, self._tally(block, pair, tables, first, stopped))
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

    def _stretch(self, pair: Pair, tables: Tables, first: int, end: int) -> int:
        """Run from `first` on in a child; `end`, or the table on which the child died or hung."""
        tables.totals.at = first
        child = os.fork()
        if child == 0:
            status = 1
            try:
                pair.run(first, end, tables, exact=self._exact)
                status = 0
            finally:
                os._exit(status)
        return end if _ended_well(child, tables) else tables.at

    def _tally(self, block: Block, pair: Pair, tables: Tables, first: int, end: int) -> Tally:
        counted = tables.counted()
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
            tally = merge(tally, self._sort(block, pair, number, sort, first, end))
        return tally

    def _sort(self, block: Block, pair: Pair, number: int, sort: Sort, first: int, end: int) -> Tally:
        """The tables of one sort: as the smallest, if that diverges or the rest cannot differ; otherwise one by one."""
        smallest = self._judged(block, sort.table)
        if sort.order_alone and not smallest.found and not smallest.undecided:
            return replace(smallest, **{name: getattr(smallest, name) * sort.tables for name in COUNTS})
        if smallest.diverging:
            example = Example(sort.entries, 0, sort.table)
            found = {kind: Found(sort.tables, example) for kind in smallest.found}
            return Tally(tables=sort.tables, diverging=sort.tables, found=found, slow=smallest.slow)
        tally = Tally()
        for table in pair.of_sort(first, end, number, MOST_TOLD, exact=self._exact):
            tally = merge(tally, self._judged(block, table))
        left = sort.tables - tally.tables
        why = f"more than {MOST_TOLD:,} tables of one sort to judge one by one" if left else ""
        return merge(tally, Tally(tables=left, undecided=left, why=why))

    def _judged(self, block: Block, table: int) -> Tally:
        """One table by the judge; `changed` and `exercised` are counted by the C."""
        return replace(self._judge.run(block, table, table + 1), changed=0, exercised={})


def _ended_well(child: int, tables: Tables) -> bool:
    """Wait for `child`. False if it died, or was killed since it stayed at one table for CPU_SECONDS."""
    handle, at, since = os.pidfd_open(child), tables.at, time.monotonic()
    ended = False
    try:
        while not ended:
            ended = bool(select.select([handle], [], [], LOOK_EVERY)[0])
            if tables.at != at:
                at, since = tables.at, time.monotonic()
            elif not ended and time.monotonic() - since > CPU_SECONDS:
                break
    finally:
        os.close(handle)
        if not ended:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return status == 0
