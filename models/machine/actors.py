# SPDX-License-Identifier: GPL-2.0-only
"""The machine of a scenario in which others act: who does what, when. Only such scenarios pay for it (fresh.py).

The log tells what actors do from what the version does by the event's name. Beside what cpus.py logs: gup cpu ptep pte;
mkclean cpu ptep pte: the entry afterwards, with hw for what became of the rest of its block; fault cpu ptep pte met:
the same, and the entry that the handler met; reclaim cpu ptep.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pte_review.models.actions import ACCESS, ANCHORS, CHANGE, Action
from pte_review.models.config import PAGE_SIZE
from pte_review.models.faults import stored_to
from pte_review.models.machine.cpus import RECLAIMED_PFN, Cpus, Translation
from pte_review.models.machine.locks import ANON_VMA, I_MMAP
from pte_review.models.machine.state import Event
from pte_review.models.scenario import Scenario

LOGGED = frozenset({"walk", "write", "hw", "gup", "fault", "mkclean", "reclaim", "stale", "twice", "conflict"})


class Actors(Cpus):
    """Lets others act when their time has come."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.counts: Counter[tuple[str, int]] = Counter()  # of the version: accesses and changes of `watched`
        self.waiting: list[Action] = []  # for a lock
        self.acting = False  # what is accessed now, an actor accesses
        self.phases: dict[str, list[Action]] = {}
        self.anchored: dict[tuple[str, int, int], list[Action]] = {}  # by what, where, how often
        for action in scenario.actions:
            when = action.when
            if when.phase in ANCHORS:
                at = when.phase, self.places.slot_at(when.range, when.slot), when.nth
                self.anchored.setdefault(at, []).append(action)
            else:
                self.phases.setdefault(when.phase, []).append(action)
        self.watched = {ptep for _, ptep, _ in self.anchored}

    # -- when

    def phase(self, name: str) -> None:
        """The version has come to a phase for the first time, or comes again."""
        self._let_act(self.phases.pop(name, []))

    def _let_act(self, actions: list[Action]) -> None:
        for action in actions:
            self._act(action)
        if actions and self.ptls_free == self.all_ptls:
            self._look_for_two_addresses()

    def _before(self, ptep: int, *anchors: str) -> None:
        if ptep not in self.watched or self.acting:
            return
        for anchor in anchors:
            self.counts[anchor, ptep] += 1
            self._let_act(self.anchored.get((anchor, ptep, self.counts[anchor, ptep]), []))

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
        self._let_act(waiting)
        if lock in self.all_ptls:
            self._look_for_stale()
            everything = self.ptls_free == self.all_ptls
            self.phase("unlocked" if everything else "unlocking")
            if everything:
                self._look_for_two_addresses()

    # -- who

    def _act(self, action: Action) -> None:
        ptep = self.places.slot_at(action.range, action.slot)
        pte = self._entry(ptep)
        self.exercised |= {"action", f"{action.actor} action"}
        match action.actor:
            case "walk":
                self._translation(action.cpu, ptep)
            case "write":
                self._write(action.cpu, ptep)
            case "gup" if self.pte_valid(pte):
                self.events.append(("gup", action.cpu, ptep, pte))
            case "fault":
                self._fault(action, ptep)
            case "mkclean":
                self._mkclean(action, ptep, pte)
            case "reclaim" if not self.pte_valid(pte):
                self.events.append(("reclaim", action.cpu, ptep))
                self.translations[action.cpu, self._page(ptep)] = Translation(ptep, RECLAIMED_PFN, False, False)
                self.stale.add(ptep)
                self.tlb_flush_batched = True

    def _fault(self, action: Action, ptep: int) -> None:
        """A store; where it faults, the handler of the page's mm. It takes the page-table lock and nothing else."""
        if self._write(action.cpu, ptep):
            return
        pmd = self.pmds[self.places.table(ptep)]
        if pmd.ptl not in self.ptls_free:
            self.waiting.append(action)
            return
        self._forget(action.cpu, ptep)
        with self._on_behalf(ptep):
            met = self._get(ptep)
            if (entry := stored_to(self.scenario, met)) != met:
                self._set_by_fault(self.places.va(ptep), ptep, met, entry)
        self.events.append(("fault", action.cpu, ptep, self._entry(ptep), met))
        self._write(action.cpu, ptep)

    def _set_by_fault(self, addr: int, ptep: int, pte: int, entry: int) -> None:
        """A NUMA hint is replaced as do_numa_page() does it; all else only gains permissions."""
        if self.pte_protnone(pte):
            self._modify_prot_start(addr, ptep, 1)
            self._modify_prot_commit(addr, ptep, entry, 1)
        else:
            self._ptep_set_access_flags(addr, ptep, entry)

    def _mkclean(self, action: Action, ptep: int, pte: int) -> None:
        """mm/rmap.c:page_vma_mkclean_one() at one address: clean, write-protect and flush what is mapped there.

        The writer waits until no page-table lock and no rmap lock is held: a walk of the rmap takes the locks of a
        page's addresses one after the other, and the rmap locks keep it out where it could miss the page that way.
        """
        if self.ptls_free != self.all_ptls or I_MMAP in self.held or ANON_VMA in self.held:
            self.waiting.append(action)
            return
        if not self.pte_present(pte) or self.pte_special(pte) or not (self.pte_dirty(pte) or self.pte_write(pte)):
            return
        with self._on_behalf(ptep):
            addr, mm = self.places.va(ptep), self.pmds[self.places.table(ptep)].mm
            pte = self.ptep_get_and_clear(mm, addr, ptep)
            self.invalidate(addr, addr + PAGE_SIZE, mm)
            self.set_pte_at(mm, addr, ptep, self.pte_mkclean(self.pte_wrprotect(pte)))
        self.events.append(("mkclean", action.cpu, ptep, self._entry(ptep)))

    @contextmanager
    def _on_behalf(self, ptep: int) -> Iterator[None]:
        """Somebody else changes an entry; what becomes of the rest of its contpte block is logged as the MMU's."""
        start = ptep & -self.config.cont_ptes
        before = self.memory[start : start + self.config.cont_ptes]
        with self._silently():
            yield
        for other, was in enumerate(before, start):
            if other != ptep and self.memory[other] != was:
                self._hw(other, self._entry(other))

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """The primitives at the service of somebody else, who holds the locks: out of the version's log."""
        log: tuple[list[Event], set[str], set[int]] = self.events, self.exercised, self.ptls_free
        self.acting, self.events, self.exercised, self.ptls_free = True, [], set(), set()
        try:
            yield
        finally:
            self.acting = False
            self.events, self.exercised, self.ptls_free = log
