# SPDX-License-Identifier: GPL-2.0-only
"""CPUs with a TLB each: loads and stores through the entries of the machine, and what stays cached.

Their part of the log. walk cpu ptep pte: a translation is cached. hw ptep pte: the MMU set accessed or dirty. write cpu
ptep pfn: a store landed in a page. stale cpu ptep pfn: a translation that the table does not hold any more. twice pfn
ptep ptep: a page that CPUs reach at two addresses. conflict cpu ptep: a contiguous translation beside a single one (on
arm64 CONSTRAINED UNPREDICTABLE, which is what break-before-make is for; with BBML2 the CPU takes one of the two).
"""

from dataclasses import dataclass
from itertools import combinations

from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.kernel import Kernel
from pte_review.models.scenario import Scenario

Page = tuple[int, int]  # mm and virtual page number

RECLAIMED_PFN = 0  # of a page that reclaim has unmapped: no table of a scenario maps it


@dataclass(slots=True)
class Translation:
    """What a TLB holds for one page; `dirty` says that stores need no look at the entry any more."""

    ptep: int
    pfn: int
    write: bool
    dirty: bool
    contiguous: bool = False


class Cpus(Kernel):
    """The kernel with CPUs beside the one that runs the version."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.translations: dict[tuple[int, Page], Translation] = {}  # by CPU and page

    def _page(self, ptep: int, ahead: int = 0) -> Page:
        """The page that the entry `ahead` of `ptep` translates."""
        return self.pmds[self.places.table(ptep)].mm, (self.places.va(ptep) >> PAGE_SHIFT) + ahead

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
        pages = {i: (cpu, self._page(ptep, i)) for i in range(first, first + block)}
        may_conflict = block > 1 and not self.config.bbml2_noabort
        if may_conflict and any(p in self.translations and not self.translations[p].contiguous for p in pages.values()):
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

    def _write(self, cpu: int, ptep: int) -> bool:
        """A store. A clean translation sends the MMU to the entry, which must still say the same; else a fault.

        Returns whether it landed in the page.
        """
        translation = self._translation(cpu, ptep)
        if translation is None or not translation.write:
            return False
        if not translation.dirty:
            pte = self._entry(ptep)
            if not self.mmu_may_write(pte) or self.pte_pfn(pte) != translation.pfn:
                del self.translations[cpu, self._page(ptep)]
                return False
            if not self.mmu_dirty(pte):
                self._hw(ptep, self.mmu_mkdirty(pte))
            self._now_dirty(cpu, ptep, translation)
        self.events.append(("write", cpu, ptep, translation.pfn))
        return True

    def _now_dirty(self, cpu: int, ptep: int, translation: Translation) -> None:
        """Later stores look at no entry, nor do those to the other pages of a contiguous translation."""
        translation.dirty = True
        start = ptep & -self.config.cont_ptes
        for i in range(self.config.cont_ptes) if translation.contiguous else ():
            other = self.translations.get((cpu, self._page(start, i)))
            if other and other.contiguous:
                other.dirty = True

    # -- what their TLBs hold

    def _forget(self, cpu: int, ptep: int) -> None:
        """A CPU that faults drops its translation of the address, with all of it where that is contiguous."""
        cached = self.translations.pop((cpu, self._page(ptep)), None)
        start = ptep & -self.config.cont_ptes
        for i in range(self.config.cont_ptes) if cached and cached.contiguous else ():
            self.translations.pop((cpu, self._page(start, i)), None)

    def invalidate(self, start: int, end: int, mm: int) -> None:
        super().invalidate(start, end, mm)
        for cpu, page in list(self.translations):
            if page[0] == mm and start <= page[1] << PAGE_SHIFT < end:
                del self.translations[cpu, page]

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
        """Pages that translations reach at two addresses; the promise says whether that is a breach."""
        pteps: dict[int, set[int]] = {}
        for cached in self.translations.values():
            if cached.pfn not in (self.config.zero_pfn, RECLAIMED_PFN):
                pteps.setdefault(cached.pfn, set()).add(cached.ptep)
        for pfn, where in sorted(pteps.items()):
            for pair in combinations(sorted(where), 2):
                event = ("twice", pfn, *pair)
                if event not in self.events:
                    self.events.append(event)
