# SPDX-License-Identifier: GPL-2.0-only
"""Folios behind entries: mm/memory.c:vm_normal_folio() and mm/internal.h:folio_pte_batch() as of v4 of the series."""

from models.machine.state import Machine
from models.scenario import Folio, Vma

FPB_IGNORE_DIRTY = 1 << 0
FPB_IGNORE_SOFT_DIRTY = 1 << 1


class Folios(Machine):
    def vm_normal_folio(self, vma: Vma, addr: int, pte: int) -> Folio | None:
        """The folio that the present entry `pte` maps; None for the zero page, PFNMAP and MIXEDMAP specials.

        A special entry elsewhere or a PFN without a struct page is reported ("BUG: Bad page map") and gives None.
        """
        pfn = self.pte_pfn(pte)
        self.events.append(("vm_normal_folio", addr, pte))
        if self.pte_special(pte):
            if not (vma.pfnmap or vma.mixedmap or pfn == self.config.zero_pfn):
                self.warn("print_bad_pte: special entry in an ordinary VMA")
            return None
        if pfn > self.config.highest_memmap_pfn:
            self.warn("print_bad_pte: no struct page")
            return None
        if pfn == self.config.zero_pfn and self.config.debug_vm:
            self.warn("vm_normal_page: zero page without special")
        return self._page_folio(pfn)

    def _page_folio(self, pfn: int) -> Folio:
        return self.scenario.folio_of(pfn) or Folio(pfn, anon=False)

    def folio_test_large(self, folio: Folio) -> bool:
        return folio.order > 0

    def folio_nr_pages(self, folio: Folio) -> int:
        return 1 << folio.order

    def _pte_batch_clear_ignored(self, pte: int, flags: int) -> int:
        """mm/internal.h:__pte_batch_clear_ignored(): young and write are ignored whatever the flags say."""
        if flags & FPB_IGNORE_DIRTY:
            pte = self.pte_mkclean(pte)
        if flags & FPB_IGNORE_SOFT_DIRTY:
            pte = self.pte_clear_soft_dirty(pte)
        return self.pte_wrprotect(self.pte_mkold(pte))

    def folio_pte_batch(self, folio: Folio, addr: int, start_ptep: int, pte: int, max_nr: int, flags: int) -> int:
        """How many entries from `start_ptep` on map consecutive pages of `folio` alike: 1..max_nr entries.

        `pte` is what ptep_get() returned for the first. The out-pointers of the C are always NULL in mremap.
        """
        at = len(self.events)
        self.events.append(("folio_pte_batch", folio.pfn, addr, start_ptep, pte, max_nr, flags))
        pfn = self.pte_pfn(pte)
        if not self.pte_present(pte) or not folio.order or max_nr < 1 or not folio.pfn <= pfn < folio.end:
            self.violate("folio_pte_batch() wants a present entry of a large folio and max_nr >= 1", start_ptep)
        max_nr = min(max_nr, folio.end - pfn)
        nr = self.pte_batch_hint(start_ptep, pte)
        expected_pte = self._pte_batch_clear_ignored(self.pte_advance_pfn(pte, nr), flags)
        ptep = start_ptep + nr
        while nr < max_nr:
            pte = self._pte_batch_clear_ignored(self.ptep_get(ptep), flags)
            if not self.pte_same(pte, expected_pte):
                break
            cur_nr = self.pte_batch_hint(ptep, pte)
            expected_pte = self.pte_advance_pfn(expected_pte, cur_nr)
            ptep += cur_nr
            nr += cur_nr
        nr = min(nr, max_nr)
        self.events[at] = (*self.events[at], nr)
        return nr

    def ptep_get(self, ptep: int) -> int:
        """include/linux/pgtable.h:ptep_get()."""
        self.events.append(("ptep_get", ptep))
        return self.read(ptep)
