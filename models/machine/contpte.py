# SPDX-License-Identifier: GPL-2.0-only
"""arm64's primitives: arch/arm64/include/asm/pgtable.h and arch/arm64/mm/contpte.c as of v6.16.

A contpte block is cont_ptes entries, aligned in virtual and physical address, that all have CONT: the hardware
may cache them as one translation and set accessed or dirty in any of them. To change one, the whole block is
unfolded first. Names without "contpte" and with a leading underscore are the C's double-underscore versions.
"""

from pte_review.models.arch.arm64 import AF, CONT, DIRTY, NG, PXN, RDONLY, VALID, WRITE, Arm64
from pte_review.models.arch.word import U64
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.state import refuse_entry
from pte_review.models.scenario import Scenario

# arch/arm64/mm/mmu.c:pgattr_change_is_safe(): what may change in a live entry without break-before-make.
SAFE_TO_CHANGE = PXN | RDONLY | WRITE | NG | 1 << 63 | 0xF << 55
# What a fault may give a live entry, beside taking RDONLY away.
ACCESS_FLAGS = AF | WRITE | DIRTY


class KernelArm64(Arm64, Kernel):
    """arm64 with 4K pages, with or without CONFIG_ARM64_CONTPTE."""

    def __init__(self, scenario: Scenario) -> None:
        Arm64.__init__(self, scenario.config)
        Kernel.__init__(self, scenario)
        self.CONT_PTES = scenario.config.cont_ptes
        self.contpte = scenario.config.contpte

    # -- below the contpte layer

    def _set_ptes(self, ptep: int, pte: int, nr: int) -> None:
        """__set_ptes()."""
        if not self.config.debug_vm:
            super()._set_ptes(ptep, pte, nr)
            return
        self.page_table_check_ptes_set(ptep, pte, nr)
        while True:
            self.check_safe_pte_update(ptep, pte)
            self.store(ptep, pte)
            nr -= 1
            if nr == 0:
                break
            ptep += 1
            pte = self.pte_advance_pfn(pte, 1)

    def check_safe_pte_update(self, ptep: int, pte: int, *, safe: bool | None = None) -> None:
        """`safe` is what pgattr_change_is_safe() says of a change of one valid entry, where a tree's own was asked."""
        self.read_event = "R.debug_vm"
        old_pte = self.read(ptep)
        self.read_event = "R"
        if not (old_pte & VALID and pte & VALID):
            return
        if not self.pte_young(pte):
            self.warn("__check_safe_pte_update: racy access flag clearing")
        if self.pte_write(old_pte) and not self.pte_dirty(pte):
            self.warn("__check_safe_pte_update: racy dirty state clearing")
        if safe is None:
            safe = not ((old_pte | pte) & CONT or (old_pte & ~pte) & NG or (old_pte ^ pte) & ~SAFE_TO_CHANGE)
        if not safe:
            self.warn("__check_safe_pte_update: unsafe attribute change")

    # -- the contpte layer

    def _contpte_align_down(self, ptep: int) -> int:
        return ptep & -self.CONT_PTES

    def _contpte_convert(self, addr: int, ptep: int, pte: int) -> None:
        """Rewrite the whole block of `ptep` as `pte` says: clear, flush (break-before-make), set.

        Accessed and dirty of all entries go into all entries, folding and unfolding alike.
        """
        start_ptep = self._contpte_align_down(ptep)
        pte = self.pfn_pte(self.pte_pfn(pte) & -self.CONT_PTES, self.pte_pgprot(pte))
        self.events.append(("contpte_convert", start_ptep, int(bool(pte & CONT))))
        if self.page_table_check:
            ptents = [self._ptep_get_and_clear(start_ptep + i) for i in range(self.CONT_PTES)]
        else:
            ptents = self.xchg0_block(start_ptep, self.CONT_PTES)
        pte = self._gather_ad(pte, ptents)
        if not self.config.bbml2_noabort:  # 83bbd6be7d17 (v6.17)
            start = addr & -(self.CONT_PTES << PAGE_SHIFT)
            mm = self.pmds[self.places.table(ptep)].mm
            self.invalidate(start, start + (self.CONT_PTES << PAGE_SHIFT), mm)
        self._set_ptes(start_ptep, pte, self.CONT_PTES)

    def _contpte_try_unfold(self, addr: int, ptep: int, pte: int) -> None:
        if pte & (VALID | CONT) == VALID | CONT:
            self.exercised.add("unfold")
            self._contpte_convert(addr, ptep, self.pte_mknoncont(pte))

    def _contpte_try_unfold_partial(self, addr: int, ptep: int, nr: int) -> None:
        """Unfold the blocks at both ends of `nr` entries that the range covers only in part."""
        if ptep != self._contpte_align_down(ptep) or nr < self.CONT_PTES:
            self._contpte_try_unfold(addr, ptep, self.read(ptep))
        if ptep + nr != self._contpte_align_down(ptep + nr):
            last_ptep = ptep + nr - 1
            self._contpte_try_unfold(addr + ((nr - 1) << PAGE_SHIFT), last_ptep, self.read(last_ptep))

    def _contpte_try_fold(self, addr: int, ptep: int, pte: int) -> None:
        """Fold the block that `pte`, just set at `ptep`, may have completed: only its last entry makes the attempt."""
        contmask = self.CONT_PTES - 1
        if (addr >> PAGE_SHIFT) & contmask != contmask or self.pte_pfn(pte) & contmask != contmask:
            return
        if not pte & VALID or pte & CONT or self.pte_special(pte):
            return
        folio = self.page_folio(self.pte_pfn(pte))
        # By addresses, which wrap: a part of a folio that would begin below 0 does not fold.
        folio_start = (addr - ((self.pte_pfn(pte) - folio.pfn) << PAGE_SHIFT)) & U64
        folio_end = (folio_start + (self.folio_nr_pages(folio) << PAGE_SHIFT)) & U64
        cont_start = addr & -(self.CONT_PTES << PAGE_SHIFT)
        if folio_start > cont_start or folio_end < cont_start + (self.CONT_PTES << PAGE_SHIFT):
            return
        pfn = self.pte_pfn(pte) & -self.CONT_PTES
        prot = self.pte_pgprot(self.pte_mkold(self.pte_mkclean(pte)))
        expected_pte = self.pfn_pte(pfn, prot)
        start_ptep = self._contpte_align_down(ptep)
        for i, subpte in enumerate(self._block(start_ptep, self.CONT_PTES)):
            if not self.pte_same(self.pte_mkold(self.pte_mkclean(subpte)), self.pte_advance_pfn(expected_pte, i)):
                self.read_block(start_ptep, i + 1)
                return
        self.read_block(start_ptep, self.CONT_PTES)
        self.exercised.add("fold")
        self._contpte_convert(addr, ptep, self.pte_mkcont(pte))

    def _contpte_ptep_get(self, ptep: int, orig_pte: int) -> int:
        """`orig_pte` with accessed and dirty gathered from its whole block."""
        start_ptep, end_ptep = self._contpte_align_down(ptep), self._contpte_align_down(ptep) + self.CONT_PTES
        if self.config.contpte_get_stops_early:
            return self._contpte_ptep_get_early(start_ptep, end_ptep, orig_pte)
        return self._gather_ad(orig_pte, self.read_block(start_ptep, self.CONT_PTES))

    def _contpte_ptep_get_early(self, start_ptep: int, end_ptep: int, orig_pte: int) -> int:
        """The same since commit 093ae7a033cf (v6.17): reads on only until both bits are found."""
        for ptep in range(start_ptep, end_ptep):
            pte = self.read(ptep)
            if self.pte_dirty(pte):  # reads this entry again for young
                young = any(self.pte_young(self.read(rest)) for rest in range(ptep, end_ptep))
                return self.pte_mkyoung(self.pte_mkdirty(orig_pte)) if young else self.pte_mkdirty(orig_pte)
            if self.pte_young(pte):
                dirty = any(self.pte_dirty(self.read(rest)) for rest in range(ptep + 1, end_ptep))
                return self.pte_mkdirty(self.pte_mkyoung(orig_pte)) if dirty else self.pte_mkyoung(orig_pte)
        return orig_pte

    def _contpte_set_ptes(self, addr: int, ptep: int, pte: int, nr: int) -> None:
        """More than one entry, none present before: split at block borders, whole aligned pieces get CONT.

        Never reads, never flushes, never tries to fold.
        """
        if self.config.contpte_set_guards_invalid and not pte & VALID:
            self._set_ptes(ptep, pte, nr)
            return
        page, end = addr >> PAGE_SHIFT, (addr >> PAGE_SHIFT) + nr
        pfn, prot = self.pte_pfn(pte), self.pte_pgprot(pte)
        while True:
            next_page = min((page & -self.CONT_PTES) + self.CONT_PTES, end) if nr > 0 else end
            pte = self.pfn_pte(pfn, prot)
            if (page | next_page | pfn) & (self.CONT_PTES - 1) == 0:
                pte = self.pte_mkcont(pte)
            self._set_ptes(ptep, pte, next_page - page)
            pfn += next_page - page
            ptep += next_page - page
            page = next_page
            if page == end:
                break

    # -- the public primitives

    def _get(self, ptep: int) -> int:
        pte = self.read(ptep)
        if self.contpte and pte & (VALID | CONT) == VALID | CONT:
            return self._contpte_ptep_get(ptep, pte)
        return pte

    def ptep_get(self, ptep: int) -> int:
        """The entry; for one of a contpte block with accessed and dirty of the whole block."""
        self.events.append(("ptep_get", ptep))
        return self._get(ptep)

    def _hint(self, ptep: int, pte: int) -> int:
        return Arm64.pte_batch_hint(self, ptep, pte) if self.contpte else 1

    def pte_batch_hint(self, ptep: int, pte: int) -> int:
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
        self.events.append(("pte_batch_hint", ptep, pte))
        return self._hint(ptep, pte)

    def ptep_get_and_clear(self, mm: int, addr: int, ptep: int) -> int:
        self.called_on_entry("ptep_get_and_clear", mm, addr, ptep)
        if self.contpte:
            self._contpte_try_unfold(addr, ptep, self.read(ptep))
        return self._ptep_get_and_clear(ptep)

    def get_and_clear_full_ptes(self, mm: int, addr: int, ptep: int, nr: int, full: int) -> int:
        """Clear `nr` entries that map consecutive pages of one folio; returns the first, dirty and young merged."""
        self.called_get_and_clear_full_ptes(mm, addr, ptep, nr, full)
        return self._get_and_clear_at(addr, ptep, nr)

    def _get_and_clear_at(self, addr: int, ptep: int, nr: int) -> int:
        if self.contpte:
            if nr == 1:
                self._contpte_try_unfold(addr, ptep, self.read(ptep))
            else:
                self._contpte_try_unfold_partial(addr, ptep, nr)
        return self._get_and_clear_full_ptes(ptep, nr)

    def pte_clear(self, mm: int, addr: int, ptep: int) -> None:
        """A plain store of none, after unfolding: page_table_check is not told."""
        self.called_on_entry("pte_clear", mm, addr, ptep)
        if self.contpte:
            self._contpte_try_unfold(addr, ptep, self.read(ptep))
        self.store(ptep, 0)

    def _set_single(self, addr: int, ptep: int, pte: int) -> None:
        if not self.contpte:
            self._set_ptes(ptep, pte, 1)
            return
        pte = self.pte_mknoncont(pte)
        self._contpte_try_unfold(addr, ptep, self.read(ptep))
        self._set_ptes(ptep, pte, 1)
        self._contpte_try_fold(addr, ptep, pte)

    def set_ptes(self, mm: int, addr: int, ptep: int, pte: int, nr: int) -> None:
        """Install `pte` and its nr-1 successors; CONT in the argument is ignored and set where a block is whole."""
        self.called_set_ptes(mm, addr, ptep, pte, nr)
        self._set_at(addr, ptep, pte, nr)

    def _set_at(self, addr: int, ptep: int, pte: int, nr: int) -> None:
        if nr == 1:
            self._set_single(addr, ptep, pte)
        elif self.contpte:
            self._contpte_set_ptes(addr, ptep, self.pte_mknoncont(pte), nr)
        else:
            self._set_ptes(ptep, pte, nr)

    def set_pte_at(self, mm: int, addr: int, ptep: int, pte: int) -> None:
        """set_ptes(..., 1)."""
        self.called_set_pte_at(mm, addr, ptep, pte)
        self._set_single(addr, ptep, pte)

    # -- protection: arch/arm64/mm/mmu.c

    def _modify_prot_start(self, addr: int, ptep: int, nr: int) -> int:
        pte = self._get_and_clear_at(addr, ptep, nr)
        # Erratum 2645198: what was executable has to be flushed before it is set again. The caller has an mmu_gather
        # open, so that pte_accessible() is pte_present().
        if self.config.erratum_2645198 and self.pte_present(pte) and self.pte_user_exec(pte):
            self.invalidate(addr, addr + (nr << PAGE_SHIFT), self.pmds[self.places.table(ptep)].mm)
        return pte

    def _modify_prot_commit(self, addr: int, ptep: int, pte: int, nr: int) -> None:
        self._set_at(addr, ptep, pte, nr)

    def _ptep_set_access_flags(self, addr: int, ptep: int, entry: int) -> None:
        """contpte_ptep_set_access_flags(): a block stays folded where its write permission does not change."""
        pte, at, nr = self.read(ptep), ptep, 1
        if self.contpte and pte & (VALID | CONT) == VALID | CONT:
            if self.pte_write(pte) == self.pte_write(entry):
                at, nr = self._contpte_align_down(ptep), self.CONT_PTES
            else:
                self._contpte_try_unfold(addr, ptep, pte)
        for each in range(at, at + nr):
            pte = self.read(each)
            # __ptep_set_access_flags(): RDONLY may go and never comes back, the others come.
            self.memory[each] = (pte | entry & ACCESS_FLAGS) & ~(RDONLY & ~entry)
