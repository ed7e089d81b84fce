# SPDX-License-Identifier: GPL-2.0-only
"""The one place that mutates: the memory of a run, its event log, and what is recorded beside it.

A ptep is an int that counts entries. With P = ptrs_per_pte the old table is at pteps P..2P-1 and the new one at
3P..4P-1, so that block alignment holds, NULL is 0, and a walk off either table lands in an unmapped gap.

Events are tuples of a name and integers, in order. Raw accesses (section 3 of the kernel's rules as modelled):
R ptep value: a read; X ptep value: an atomic exchange with 0; S ptep value: a store; T start end: a TLB invalidation
of a range of bytes. Reads that only a debug config makes are R.debug_vm and R.page_table_check.
Every public primitive is an event under its kernel name with its arguments (mm and vma left out: there is one).
"""

from functools import lru_cache

from pte_review.models.arch.word import PteWords
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.endings import EndOfRun, NoProgress, TableOverrun
from pte_review.models.scenario import Scenario

Event = tuple[str | int, ...]


@lru_cache(maxsize=32)
def _empty_memory(p: int, one_table: bool) -> list[int | None]:
    gap: list[int | None] = [None] * p
    table: list[int | None] = [0] * p
    return gap + table + gap + (gap if one_table else table) + gap


class Pmd:
    """A PMD entry: where its page table is. `maps` is false where pte_offset_map() finds no table."""

    __slots__ = ("base", "maps", "ptep", "ptl")

    def __init__(self, base: int, ptep: int, ptl: int, maps: bool) -> None:
        self.base, self.ptep, self.ptl, self.maps = base, ptep, ptl, maps


class Machine(PteWords):
    """Memory, events and records of one run of `scenario`."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.vma = scenario.vma
        p = self.table_size = scenario.config.ptrs_per_pte
        one_table = scenario.one_table
        memory = self.memory = _empty_memory(p, one_table).copy()
        for index, value in scenario.old_table:
            memory[p + index] = value
        for index, value in scenario.new_table:
            memory[3 * p + index] = value
        # Where a lock lies in memory says nothing of what it locks: below the source, the new one's number is lower.
        new_ptl = (
            (2 if scenario.new_addr > scenario.old_addr else -2) if scenario.split_ptlocks and not one_table else 1
        )
        self.old_pmd = Pmd(scenario.old_base, p, 1, scenario.old_maps)
        self.new_pmd = Pmd(scenario.new_base, p if one_table else 3 * p, new_ptl, scenario.new_maps)

        self.events: list[Event] = []
        self.warnings: list[str] = []  # each once
        self.violations: list[str] = []  # primitives' own contracts, in the order broken
        self.imbalances: list[str] = []  # locks and lazy MMU mode taken or dropped out of turn
        self.exercised: set[str] = set()
        self.stale: set[int] = set()  # pteps whose cached translation is not what the entry says any more
        self.stale_at_unlock: set[int] = set()  # virtual addresses
        self.held: list[int] = []  # locks, in the order taken
        self.ptls_free = {1, new_ptl}  # page-table locks that are not held
        self.lazy_mmu = 0
        self.ended_by: EndOfRun | None = None
        self.read_event = "R"
        self.event_limit = self.passes_allowed = self.passes_for(scenario)

    @staticmethod
    def passes_for(scenario: Scenario) -> int:
        """How many loop passes and events a run may take.

        Room for a version that looks at every entry from every other; a loop that never ends takes milliseconds.
        """
        return 16384 + 256 * scenario.nr + 4 * scenario.nr**2

    def end(self, error: EndOfRun) -> EndOfRun:
        """Remember why the run ends, whatever the version catches; returns `error`, to be raised."""
        self.ended_by = self.ended_by or error
        return error

    # -- addresses

    def va(self, ptep: int) -> int:
        """The virtual address that the entry at `ptep` translates."""
        if ptep < 2 * self.table_size:
            return self.old_pmd.base + ((ptep - self.table_size) << PAGE_SHIFT)
        return self.new_pmd.base + ((ptep - 3 * self.table_size) << PAGE_SHIFT)

    # -- raw accesses

    def read(self, ptep: int) -> int:
        """A plain `*ptep`. Raises TableOverrun."""
        try:
            pte = self.memory[ptep]
        except IndexError:
            pte = None
        if pte is None or ptep < 0:
            raise self.end(TableOverrun(ptep))
        events = self.events
        events.append((self.read_event, ptep, pte))
        if len(events) > self.event_limit:
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))
        return pte

    def xchg0(self, ptep: int) -> int:
        """Atomically read the entry and clear it, as hardware sees it."""
        try:
            pte = self.memory[ptep]
        except IndexError:
            pte = None
        if pte is None or ptep < 0:
            raise self.end(TableOverrun(ptep))
        self.memory[ptep] = 0
        events = self.events
        events.append(("X", ptep, pte))
        if len(events) > self.event_limit:
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))
        if pte & 1:
            self.stale.add(ptep)
        if self.ptls_free:
            self._check_ptl(ptep)
        return pte

    def store(self, ptep: int, pte: int) -> None:
        """A plain store of `pte`."""
        try:
            before = self.memory[ptep]
        except IndexError:
            before = None
        if before is None or ptep < 0:
            raise self.end(TableOverrun(ptep))
        if pte >> 64:
            raise ValueError(f"{pte:#x} is no 64-bit entry")
        self.memory[ptep] = pte
        events = self.events
        events.append(("S", ptep, pte))
        if before & 1 and before != pte:
            self.stale.add(ptep)
        if self.ptls_free:
            self._check_ptl(ptep)
        if len(events) > self.event_limit:
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))

    def _block(self, ptep: int, nr: int) -> list[int]:
        """`nr` entries without an access. Raises TableOverrun at the first that is in no table."""
        block = self.memory[ptep : ptep + nr] if ptep >= 0 else []
        if len(block) != nr or None in block:
            raise self.end(TableOverrun(ptep + (block.index(None) if None in block else len(block))))
        return block  # type: ignore[return-value]  # no None in it

    def read_block(self, ptep: int, nr: int) -> list[int]:
        """`nr` reads in ascending order, as read() does each."""
        block, events = self._block(ptep, nr), self.events
        name = self.read_event
        events.extend([(name, ptep + i, pte) for i, pte in enumerate(block)])
        if len(events) > self.event_limit:
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))
        return block

    def xchg0_block(self, ptep: int, nr: int) -> list[int]:
        """`nr` exchanges with 0 in ascending order, as xchg0() does each."""
        block = self._block(ptep, nr)
        self.memory[ptep : ptep + nr] = [0] * nr
        self.events.extend([("X", ptep + i, pte) for i, pte in enumerate(block)])
        self.stale.update([ptep + i for i, pte in enumerate(block) if pte & 1])
        if self.ptls_free:
            for i in range(nr):
                self._check_ptl(ptep + i)
        return block

    def store_block(self, ptep: int, ptes: list[int]) -> None:
        """Stores in ascending order, as store() does each."""
        before = self._block(ptep, len(ptes))
        if any(pte >> 64 for pte in ptes):
            raise ValueError("an entry of more than 64 bits")
        self.memory[ptep : ptep + len(ptes)] = ptes
        events = self.events
        events.extend([("S", ptep + i, pte) for i, pte in enumerate(ptes)])
        if any(before):
            changed = [ptep + i for i, pte in enumerate(before) if pte & 1 and pte != ptes[i]]
            self.stale.update(changed)
        if self.ptls_free:
            for i in range(len(ptes)):
                self._check_ptl(ptep + i)
        if len(events) > self.event_limit:
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))

    def _check_ptl(self, ptep: int) -> None:
        ptl = self.old_pmd.ptl if ptep < 2 * self.table_size else self.new_pmd.ptl
        if ptl in self.ptls_free:
            self.violate("an entry is changed without its page-table lock", ptep)

    def invalidate(self, start: int, end: int) -> None:
        """Drop cached translations of the bytes [start, end) on every CPU."""
        self.events.append(("T", start, end))
        if self.stale:
            for pmd in (self.old_pmd, self.new_pmd):
                first = pmd.ptep + ((max(start, pmd.base) - pmd.base) >> PAGE_SHIFT)
                stop = pmd.ptep + min((end - pmd.base) >> PAGE_SHIFT, self.table_size)
                self.stale.difference_update(range(first, stop))

    # -- records

    def warn(self, what: str) -> None:
        """A WARN_ON_ONCE or a report of the kernel: recorded once, the run goes on."""
        if what not in self.warnings:
            self.warnings.append(what)
            self.events.append(("warning", self.warnings.index(what)))

    def violate(self, what: str, ptep: int) -> None:
        """A primitive called against its own contract: recorded, the run goes on."""
        if what not in self.violations:
            self.violations.append(what)
        self.events.append(("violation", self.violations.index(what), ptep))

    def imbalance(self, what: str) -> None:
        """A lock or lazy MMU mode entered or left against the state it is in: recorded, the run goes on."""
        self.imbalances.append(what)
        self.events.append(("imbalance", len(self.imbalances) - 1))

    def tick(self) -> None:
        """One pass of a loop of the version. Raises NoProgress when there were too many."""
        self.event_limit -= 1
        if self.event_limit < len(self.events):
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))
