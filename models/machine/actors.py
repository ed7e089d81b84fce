# SPDX-License-Identifier: GPL-2.0-only
"""The machine of a scenario with scheduled events: other CPUs, the MMU and the other side of the page-table locks.

Only such scenarios pay for it (run.py). What actors do is in the log, told from what the version does by its name:
walk cpu ptep pte: a translation is cached; write cpu ptep pfn: a store landed in a page; hw ptep pte: the MMU set
accessed or dirty, or mkclean unfolded the block of another entry; gup cpu ptep pte; mkclean cpu ptep pte: the entry
afterwards; reclaim cpu ptep; stale cpu ptep pfn: a translation that the table does not hold when a page-table lock is
dropped; twice pfn old new: a page that CPUs reach at two addresses; conflict cpu ptep: a contiguous translation
beside a single one (arm64: CONSTRAINED UNPREDICTABLE, what break-before-make is for).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models.config import PAGE_SHIFT, PAGE_SIZE
from models.machine.kernel import Kernel
from models.machine.locks import ANON_VMA, I_MMAP
from models.machine.state import Event
from models.scenario import Scenario
from models.scheduled import ACCESS, ANCHORS, CHANGE, ScheduledEvent

RECLAIMED_PFN = 0  # of the page that reclaim has unmapped: no table of a scenario maps it


@dataclass(slots=True)
class Translation:
    """What a TLB holds for one page; `dirty` says that stores need no look at the entry any more."""

    ptep: int
    pfn: int
    write: bool
    dirty: bool
    contiguous: bool = False


class Actors(Kernel):
    """Fires scheduled events; keeps the translations that their CPUs have cached."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.translations: dict[tuple[int, int], Translation] = {}  # by CPU and virtual page number
        self.counts: Counter[tuple[str, int]] = Counter()  # of the version: accesses and changes by ptep
        self.waiting: list[ScheduledEvent] = []  # for a lock
        self.aside = False  # an actor is at work
        self.all_ptls = frozenset(self.ptls_free)
        self.phases: dict[str, list[ScheduledEvent]] = {}
        self.anchored: dict[tuple[str, int, int], list[ScheduledEvent]] = {}  # by what, where, how often
        for event in scenario.scheduled:
            when = event.when
            if when.phase in ANCHORS:
                at = when.phase, self._slot(when.table, when.slot), when.nth
                self.anchored.setdefault(at, []).append(event)
            else:
                self.phases.setdefault(when.phase, []).append(event)

    def _slot(self, table: str, slot: int) -> int:
        """The ptep of an entry counted from the start of its range."""
        if table == "old":
            return self.old_pmd.ptep + self.scenario.old_index + slot
        return self.new_pmd.ptep + self.scenario.new_index + slot

    # -- when

    def phase(self, name: str) -> None:
        """The version has come to a phase for the first time, or comes again."""
        self._fire(self.phases.pop(name, []))

    def _fire(self, events: list[ScheduledEvent]) -> None:
        for event in events:
            self._act(event)
        if events and self.ptls_free == self.all_ptls:
            self._look_for_two_addresses()

    def _before(self, ptep: int, *anchors: str) -> None:
        if self.aside:
            return
        for anchor in anchors:
            self.counts[anchor, ptep] += 1
            self._fire(self.anchored.get((anchor, ptep, self.counts[anchor, ptep]), []))

    def read(self, ptep: int) -> int:
        self._before(ptep, ACCESS)
        return super().read(ptep)

    def xchg0(self, ptep: int) -> int:
        self._before(ptep, ACCESS, CHANGE)
        return super().xchg0(ptep)

    def store(self, ptep: int, pte: int) -> None:
        self._before(ptep, ACCESS, CHANGE)
        super().store(ptep, pte)

    def read_block(self, ptep: int, nr: int) -> list[int]:
        return [self.read(ptep + i) for i in range(nr)]

    def xchg0_block(self, ptep: int, nr: int) -> list[int]:
        return [self.xchg0(ptep + i) for i in range(nr)]

    def store_block(self, ptep: int, ptes: list[int]) -> None:
        for i, pte in enumerate(ptes):
            self.store(ptep + i, pte)

    def _lock(self, name: str, lock: int) -> None:
        super()._lock(name, lock)
        if not self.ptls_free:
            self.phase("locked")

    def _unlock(self, name: str, lock: int) -> None:
        super()._unlock(name, lock)
        if lock in self.all_ptls:
            self._look_for_stale()
            everything = self.ptls_free == self.all_ptls
            self.phase("unlocked" if everything else "unlocking")
            if everything:
                self._look_for_two_addresses()
        waiting, self.waiting = self.waiting, []
        self._fire(waiting)

    # -- who

    def _act(self, event: ScheduledEvent) -> None:
        ptep = self._slot(event.table, event.slot)
        pte = self._entry(ptep)
        self.exercised |= {"scheduled events", f"{event.actor} event"}
        match event.actor:
            case "walk":
                self._translation(event.cpu, ptep)
            case "write":
                self._write(event.cpu, ptep)
            case "gup" if self.pte_valid(pte):
                self.events.append(("gup", event.cpu, ptep, pte))
            case "mkclean":
                self._mkclean(event, ptep, pte)
            case "reclaim" if not self.pte_valid(pte):
                self.events.append(("reclaim", event.cpu, ptep))
                self.translations[event.cpu, self._page(ptep)] = Translation(ptep, RECLAIMED_PFN, False, False)
                self.stale.add(ptep)
                self.tlb_flush_batched = True

    def _page(self, ptep: int) -> int:
        return self.va(ptep) >> PAGE_SHIFT

    def _translation(self, cpu: int, ptep: int) -> Translation | None:
        """The cached translation of the address, or what a walk to the entry caches; None is a fault."""
        page = self._page(ptep)
        if (cpu, page) in self.translations:
            return self.translations[cpu, page]
        pte = self._entry(ptep)
        if not self.pte_valid(pte):
            return None
        if not self.pte_young(pte):
            pte = self._hw(ptep, self.pte_mkyoung(pte))
        write, dirty, pfn = self.mmu_may_write(pte), self.mmu_dirty(pte), self.pte_pfn(pte)
        block = self.config.cont_ptes if self.config.contpte and pte & self.CONT else 1
        first = -(ptep % block)
        pages = {i: (cpu, page + i) for i in range(first, first + block)}
        if block > 1 and any(p in self.translations and not self.translations[p].contiguous for p in pages.values()):
            self.events.append(("conflict", cpu, ptep))
        for i, key in pages.items():
            self.translations[key] = Translation(ptep + i, pfn + i, write, dirty, block > 1)
        self.events.append(("walk", cpu, ptep, pte))
        return self.translations[cpu, page]

    def _entry(self, ptep: int) -> int:
        """The entry as hardware sees it: no access of the version."""
        return self.memory[ptep] or 0

    def _hw(self, ptep: int, pte: int) -> int:
        self.memory[ptep] = pte
        self.events.append(("hw", ptep, pte))
        return pte

    def _write(self, cpu: int, ptep: int) -> None:
        """A store. A clean translation sends the MMU to the entry, which must still say the same; else a fault."""
        translation = self._translation(cpu, ptep)
        if translation is None or not translation.write:
            return
        if not translation.dirty:
            pte = self._entry(ptep)
            if not self.mmu_may_write(pte) or self.pte_pfn(pte) != translation.pfn:
                del self.translations[cpu, self._page(ptep)]
                return
            if not self.mmu_dirty(pte):
                self._hw(ptep, self.mmu_mkdirty(pte))
            translation.dirty = True
        self.events.append(("write", cpu, ptep, translation.pfn))

    def _mkclean(self, event: ScheduledEvent, ptep: int, pte: int) -> None:
        """mm/rmap.c:page_vma_mkclean_one() at one address: clean, write-protect and flush what is mapped there."""
        ptl = self.old_pmd.ptl if ptep < 2 * self.table_size else self.new_pmd.ptl
        if ptl not in self.ptls_free or I_MMAP in self.held or ANON_VMA in self.held:
            self.waiting.append(event)
            return
        if not self.pte_present(pte) or self.pte_special(pte) or not (self.pte_dirty(pte) or self.pte_write(pte)):
            return
        start = ptep & -self.config.cont_ptes
        before = self.memory[start : start + self.config.cont_ptes]
        with self._silently():
            addr = self.va(ptep)
            pte = self.ptep_get_and_clear(1, addr, ptep)
            self.invalidate(addr, addr + PAGE_SIZE)
            self.set_pte_at(1, addr, ptep, self.pte_mkclean(self.pte_wrprotect(pte)))
        for other, was in enumerate(before, start):
            if other != ptep and self.memory[other] != was:
                self._hw(other, self._entry(other))
        self.events.append(("mkclean", event.cpu, ptep, self._entry(ptep)))

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """The primitives at the service of somebody else, who holds the locks: out of the version's log."""
        log: tuple[list[Event], set[str], set[int]] = self.events, self.exercised, self.ptls_free
        self.aside, self.events, self.exercised, self.ptls_free = True, [], set(), set()
        try:
            yield
        finally:
            self.aside = False
            self.events, self.exercised, self.ptls_free = log

    # -- what their TLBs hold

    def invalidate(self, start: int, end: int) -> None:
        super().invalidate(start, end)
        for key in [key for key in self.translations if start <= key[1] << PAGE_SHIFT < end]:
            del self.translations[key]

    def local_flush_tlb_all(self) -> None:
        super().local_flush_tlb_all()
        for key in [key for key in self.translations if key[0] == 0]:
            del self.translations[key]

    def _look_for_stale(self) -> None:
        for (cpu, _), cached in sorted(self.translations.items()):
            pte = self._entry(cached.ptep)
            same = self.pte_valid(pte) and self.pte_pfn(pte) == cached.pfn
            if not same or (cached.write and not self.mmu_may_write(pte)):
                self.events.append(("stale", cpu, cached.ptep, cached.pfn))

    def _look_for_two_addresses(self) -> None:
        """A page that moved and that translations at its old and at its new address both reach."""
        at = {(cached.ptep, cached.pfn) for cached in self.translations.values()}
        for slot in range(self.scenario.nr):
            old, new = self._slot("old", slot), self._slot("new", slot)
            for pfn in {pfn for ptep, pfn in at if ptep == old and pfn != self.config.zero_pfn}:
                event = ("twice", pfn, old, new)
                if (new, pfn) in at and event not in self.events:
                    self.events.append(event)
