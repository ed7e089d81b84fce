# SPDX-License-Identifier: GPL-2.0-only
"""The machine of a scenario with scheduled events: who does what, when. Only such scenarios pay for it (run.py).

What actors do is in the log, told from what the version does by its name. Beside what cpus.py logs: gup cpu ptep pte;
mkclean cpu ptep pte: the entry afterwards, with hw for what unfolding did to the rest of its block; reclaim cpu ptep.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pte_review.models.config import PAGE_SIZE
from pte_review.models.machine.cpus import RECLAIMED_PFN, Cpus, Translation
from pte_review.models.machine.locks import ANON_VMA, I_MMAP
from pte_review.models.machine.state import Event
from pte_review.models.scenario import Scenario
from pte_review.models.scheduled import ACCESS, ANCHORS, CHANGE, ScheduledEvent

LOGGED = frozenset({"walk", "write", "hw", "gup", "mkclean", "reclaim", "stale", "twice", "conflict"})


class Actors(Cpus):
    """Fires scheduled events."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
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
        if lock in self.all_ptls and self.ptls_free == self.all_ptls:
            self.phase("locking")
        super()._lock(name, lock)
        if not self.ptls_free:
            self.phase("locked")

    def _unlock(self, name: str, lock: int) -> None:
        super()._unlock(name, lock)
        waiting, self.waiting = self.waiting, []
        self._fire(waiting)
        if lock in self.all_ptls:
            self._look_for_stale()
            everything = self.ptls_free == self.all_ptls
            self.phase("unlocked" if everything else "unlocking")
            if everything:
                self._look_for_two_addresses()

    # -- who

    def _act(self, event: ScheduledEvent) -> None:
        ptep = self._slot(event.table, event.slot)
        pte = self._entry(ptep)
        self.exercised |= {"scheduled event", f"{event.actor} event"}
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

    def _mkclean(self, event: ScheduledEvent, ptep: int, pte: int) -> None:
        """mm/rmap.c:page_vma_mkclean_one() at one address: clean, write-protect and flush what is mapped there.

        A walk of the rmap comes to the new address after the old one, for which it needs that lock: who could come in
        another order is kept out by the rmap locks (need_rmap_locks).
        """
        if self.ptls_free != self.all_ptls or I_MMAP in self.held or ANON_VMA in self.held:
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
