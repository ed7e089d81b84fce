# SPDX-License-Identifier: GPL-2.0-only
"""Folios behind entries: mm/memory.c:vm_normal_folio(), and folio_pte_batch() of mm/internal.h and mm/util.c.

One algorithm under two interfaces: flags said what to ignore until v6.16, and what to respect since.
"""

from pte_review.models.arch.word import MAX_SWAPFILES, SWP_PTE_MARKER, SwpEntry
from pte_review.models.machine.state import Machine, refuse_entry
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma

# Until v6.16: what a batch ignores beside young and write, which it always ignores.
FPB_IGNORE_DIRTY = 1 << 0
FPB_IGNORE_SOFT_DIRTY = 1 << 1

# Since v6.17 (<20250702104926.212243-1-david@redhat.com>): what a batch respects, or merges into the caller's PTE.
FPB_RESPECT_DIRTY = 1 << 0
FPB_RESPECT_SOFT_DIRTY = 1 << 1
FPB_RESPECT_WRITE = 1 << 2
FPB_MERGE_WRITE = 1 << 3
FPB_MERGE_YOUNG_DIRTY = 1 << 4


class Folios(Machine):
    def vm_normal_folio(self, vma: Vma, addr: int, pte: int) -> Folio | None:
        """The folio that the present entry `pte` maps; None for the zero page, PFNMAP and MIXEDMAP specials.

        A special entry elsewhere or a PFN without a struct page is reported ("BUG: Bad page map") and gives None.
        """
        pfn = self.pte_pfn(pte)
        self.events.append(("vm_normal_folio", addr, pte))
        if self.pte_special(pte):
            if not (vma.pfnmap or vma.mixedmap or pfn == self.config.zero_pfn or pte & self.DEVMAP):
                self.warn("print_bad_pte: special entry in an ordinary VMA")
            return None
        if pfn > self.config.highest_memmap_pfn:
            self.warn("print_bad_pte: no struct page")
            return None
        if pfn == self.config.zero_pfn and self.config.debug_vm:
            self.warn("vm_normal_page: zero page without special")
        return self.page_folio(pfn)

    def page_folio(self, pfn: int) -> Folio:
        return self.scenario.folio_of(pfn) or Folio(pfn, anon=False)

    def vm_normal_page(self, vma: Vma, addr: int, pte: int) -> int | None:
        """vm_normal_folio() for the page itself, which is the number of its page frame here."""
        return None if self.vm_normal_folio(vma, addr, pte) is None else self.pte_pfn(pte)

    def folio_page(self, folio: Folio, n: int) -> int:
        """The page frame number of the folio's page `n`: folio_page(folio, 0) is its head page, whatever maps it."""
        return folio.pfn + n

    def PageAnon(self, page: int) -> bool:
        return self.page_folio(page).anon

    def folio_test_anon(self, folio: Folio) -> bool:
        return folio.anon

    def pfn_swap_entry_folio(self, entry: SwpEntry) -> Folio:
        """The folio of a migration, device or hwpoison entry: softleaf_to_folio() since v6.19.

        The offset of a swap entry or a marker is no page frame number: is_pfn_swap_entry(), softleaf_has_pfn() since
        v6.19. VM_BUG_ON() in swp_offset_pfn() since v6.1, VM_WARN_ON_ONCE() since v6.19.
        """
        if entry.type < MAX_SWAPFILES or entry.type == SWP_PTE_MARKER:
            self.violate("pfn_swap_entry_folio() wants an entry that holds a page frame number", 0)
        return self.page_folio(entry.offset & ((1 << self.SWP_PFN_BITS) - 1))

    def softleaf_to_folio(self, entry: SwpEntry) -> Folio:
        return self.pfn_swap_entry_folio(entry)

    def is_zero_pfn(self, pfn: int) -> bool:
        return pfn == self.config.zero_pfn

    def PageAnonExclusive(self, page: int) -> bool:
        """Whether the anon page with page frame number `page` belongs to this process alone."""
        return self.page_folio(page).is_exclusive(page)

    def folio_test_large(self, folio: Folio) -> bool:
        return folio.order > 0

    def folio_nr_pages(self, folio: Folio) -> int:
        return 1 << folio.order

    def folio_pte_batch(self, folio: Folio, *arguments: int) -> int:
        """How many entries from a ptep on map consecutive pages of `folio` alike, 1..max_nr.

        Until v6.16 (addr, start_ptep, pte, max_nr, flags), the out-pointers of the C left out; since v6.17
        (ptep, pte, max_nr). `pte` is what ptep_get() returned for the first entry.
        """
        if len(arguments) == 3:
            return self.folio_pte_batch_flags(folio, None, *arguments, 0)[0]
        addr, start_ptep, pte, max_nr, flags = arguments
        respect = FPB_RESPECT_DIRTY * (not flags & FPB_IGNORE_DIRTY)
        respect |= FPB_RESPECT_SOFT_DIRTY * (not flags & FPB_IGNORE_SOFT_DIRTY)
        return self._batch(("folio_pte_batch", folio.pfn, addr, start_ptep, pte, max_nr, flags), folio, respect)[0]

    def folio_pte_batch_flags(
        self, folio: Folio, vma: Vma | None, ptep: int, pte: int, max_nr: int, flags: int
    ) -> tuple[int, int]:
        """Since v6.17: (entries, the caller's `pte` with what FPB_MERGE_* flags merged into it)."""
        if flags & FPB_MERGE_WRITE and vma is None:
            self.violate("folio_pte_batch_flags() wants a VMA with FPB_MERGE_WRITE, for pte_mkwrite()", ptep)
        return self._batch(("folio_pte_batch_flags", folio.pfn, 0, ptep, pte, max_nr, flags), folio, flags)

    def called_batch(self, event: tuple[str, int, int, int, int, int, int], folio: Folio) -> int:
        """Logs the call `event` of a batch function and holds it to its contract; its place in the log."""
        _, _, _, start_ptep, pte, max_nr, _ = event
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
        at = len(self.events)
        self.events.append(event)
        if not self.pte_present(pte) or not folio.order or max_nr < 1 or not folio.pfn <= self.pte_pfn(pte) < folio.end:
            self.violate("folio_pte_batch() wants a present entry of a large folio and max_nr >= 1", start_ptep)
        return at

    def batch_returned(self, at: int, nr: int) -> None:
        """The call that is logged at place `at` has found `nr` entries."""
        self.events[at] = (*self.events[at], nr)

    def _batch(self, event: tuple[str, int, int, int, int, int, int], folio: Folio, flags: int) -> tuple[int, int]:
        """The algorithm of both, with the flags of v6.17."""
        _, _, _, start_ptep, pte, max_nr, _ = event
        at, first, others = self.called_batch(event, folio), pte, []
        pfn = self.pte_pfn(pte)
        max_nr = min(max_nr, folio.end - pfn)
        nr = self._hint(start_ptep, pte)
        expected_pte = self._batch_norm(self.pte_advance_pfn(pte, nr), flags)
        ptep = start_ptep + nr
        while nr < max_nr:
            entry = self.ptep_get(ptep)
            pte = self._batch_norm(entry, flags)
            if not self.pte_same(pte, expected_pte):
                break
            others.append(entry)
            cur_nr = self._hint(ptep, pte)
            expected_pte = self.pte_advance_pfn(expected_pte, cur_nr)
            ptep += cur_nr
            nr += cur_nr
        nr = min(nr, max_nr)
        self.batch_returned(at, nr)
        if flags & FPB_MERGE_WRITE and any(map(self.pte_write, others)):
            first = self.pte_mkwrite(first, self.vma)
        if flags & FPB_MERGE_YOUNG_DIRTY and any(map(self.pte_young, others)):
            first = self.pte_mkyoung(first)
        if flags & FPB_MERGE_YOUNG_DIRTY and any(map(self.pte_dirty, others)):
            first = self.pte_mkdirty(first)
        return nr, first

    def _batch_norm(self, pte: int, flags: int) -> int:
        """__pte_batch_clear_ignored(): the entry without what does not end a batch. Young is always ignored.

        Clean comes before write-protect: on x86_64 it erases the dirty bit that tells a shadow-stack entry from a
        read-only one, so that a batch which respects write but not dirty takes both for the same.
        """
        if not flags & FPB_RESPECT_DIRTY:
            pte = self.pte_mkclean(pte)
        if not flags & FPB_RESPECT_SOFT_DIRTY:
            pte = self.pte_clear_soft_dirty(pte)
        if not flags & FPB_RESPECT_WRITE:
            pte = self.pte_wrprotect(pte)
        return self.pte_mkold(pte)

    def _hint(self, ptep: int, pte: int) -> int:
        """pte_batch_hint() as the batch scan itself uses it, without an event."""
        return super().pte_batch_hint(ptep, pte)

    def pte_batch_hint(self, ptep: int, pte: int) -> int:
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
        self.events.append(("pte_batch_hint", ptep, pte))
        return self._hint(ptep, pte)

    def ptep_get(self, ptep: int) -> int:
        """include/linux/pgtable.h:ptep_get()."""
        self.events.append(("ptep_get", ptep))
        return self.read(ptep)
