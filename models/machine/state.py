# SPDX-License-Identifier: GPL-2.0-only
"""The one place that mutates: the memory of a run, its event log, and what is recorded beside it.

A ptep is an int that counts entries; models/tables.py says where it lies.

Events are tuples of a name and integers, in order. Raw accesses (section 3 of the kernel's rules as modelled):
R ptep value: a read; X ptep value: an atomic exchange with 0; S ptep value: a store; T start end: a TLB invalidation
of a range of bytes. Reads that only a debug config makes are R.debug_vm and R.page_table_check.
Every public primitive is an event under its kernel name with its arguments but for mm and vma.
"""

from pte_review.models.arch.word import PteWords
from pte_review.models.machine.endings import EndOfRun, NoProgress, TableOverrun
from pte_review.models.scenario import Scenario

Event = tuple[str | int, ...]

# A fact of a run that is a breach where the promise of the function under review says so.
FULL = "full is set, which says that the whole address space is torn down"


# Types beside int that stand for a word, of whoever runs versions on symbolic ones.
SYMBOLIC: set[type] = set()


def refuse_entry(value: object) -> None:
    """Raise TypeError or ValueError: a version stores `value`, which no page-table entry can hold.

    A symbolic word passes.
    """
    if type(value) in SYMBOLIC:
        return
    if type(value) is not int:
        raise TypeError(f"an entry is a 64-bit integer, got {value!r:.60}")
    shown = f"{value:#x}"
    raise ValueError(f"{shown if len(shown) <= 60 else f'{shown[:60]}...'} is no 64-bit entry")


def check_word(value: object) -> None:
    """Raise TypeError unless `value` is an integer that a register holds: an address, a lock, a flag."""
    if type(value) is not int or value.bit_length() > 64:
        shown = f"an integer of {value.bit_length()} bits" if type(value) is int else f"{value!r:.60}"
        raise TypeError(f"a primitive wants a 64-bit integer, got {shown}")


class Pmd:
    """A PMD entry: where its page table is. `maps` is false where pte_offset_map() finds no table."""

    __slots__ = ("base", "maps", "mm", "ptep", "ptl")

    def __init__(self, base: int, ptep: int, ptl: int, maps: bool, mm: int = 1) -> None:
        self.base, self.ptep, self.ptl, self.maps, self.mm = base, ptep, ptl, maps, mm


class Machine(PteWords):
    """Memory, events and records of one run of `scenario`."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.vma = scenario.call.seen(scenario.vma)
        self.places = scenario.places
        self.table_size = scenario.config.ptrs_per_pte
        self.memory: list[int | None] = scenario.memory.copy()
        self.pmds = tuple(  # by table
            Pmd(table.base, self.places.ptep(number, 0), table.lock, table.maps, self.places.mms[number])
            for number, table in enumerate(scenario.tables)
        )

        self.events: list[Event] = []
        self.warnings: list[str] = []  # each once
        self.violations: list[str] = []  # primitives' own contracts, in the order broken
        self.facts: list[str] = []  # each once
        self.imbalances: list[str] = []  # locks and lazy MMU mode taken or dropped out of turn
        self.exercised: set[str] = set()
        self.stale: set[int] = set()  # pteps whose cached translation is not what the entry says any more
        self.stale_at_unlock: set[int] = set()  # pteps
        self.held: list[int] = []  # locks, in the order taken
        self.ptls_free = {pmd.ptl for pmd in self.pmds}  # page-table locks that are not held
        self.lazy_mmu = 0
        self.lazy_mmu_paused = 0
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

    def where(self, ptep: int) -> str:
        """Where an access outside all tables hit, in entries of the nearer table."""
        if type(ptep) is not int or ptep.bit_length() > 64:
            return f"far from all tables, which have {self.table_size} entries"
        table, entry = self.places.nearest(ptep)
        return f"entry {entry} of the {self.places.table_name(table)} table, which has {self.table_size}"

    def whole_table(self, pmd: Pmd) -> tuple[int, ...]:
        """The raw values of a table."""
        return tuple(self.memory[pmd.ptep : pmd.ptep + self.table_size])  # type: ignore[arg-type]  # None only in gaps

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
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
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
        if wrong := [pte for pte in ptes if type(pte) is not int or pte >> 64]:
            refuse_entry(wrong[0])
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
        if self.pmds[self.places.table(ptep)].ptl in self.ptls_free:
            self.violate("an entry is changed without its page-table lock", ptep)

    def invalidate(self, start: int, end: int, mm: int) -> None:
        """Drop cached translations of the bytes [start, end) of an mm on every CPU; both are words."""
        self.events.append(("T", start, end))
        if self.stale:
            for number, pmd in enumerate(self.pmds):
                if pmd.mm == mm:
                    self.stale.difference_update(self.places.within(number, start, end))

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

    def fact(self, what: str, ptep: int) -> None:
        """Something that is a breach for some functions and not for others: recorded, the run goes on."""
        if what not in self.facts:
            self.facts.append(what)
        self.events.append(("fact", self.facts.index(what), ptep))

    def imbalance(self, what: str) -> None:
        """A lock or lazy MMU mode entered or left against the state it is in: recorded, the run goes on."""
        self.imbalances.append(what)
        self.events.append(("imbalance", len(self.imbalances) - 1))

    def tick(self) -> None:
        """One pass of a loop of the version. Raises NoProgress when there were too many."""
        self.event_limit -= 1
        if self.event_limit < len(self.events):
            raise self.end(NoProgress(f"{self.passes_allowed} loop passes and events"))
