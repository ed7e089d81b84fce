# SPDX-License-Identifier: GPL-2.0-only
"""Changing the protection of entries: include/linux/pgtable.h, and what the VMA has to say about it.

An entry is taken out by modify_prot_start, so that the MMU sets no more bits in it, and put back by modify_prot_commit.
Batched forms since v6.17. Here is the generic form, x86_64's; contpte.py has arm64's.
"""

from pte_review.models.machine.primitives import Primitives
from pte_review.models.machine.state import refuse_entry
from pte_review.models.vma import Vma


class Protection(Primitives):
    # -- calls of primitives: logged and held to their contracts, whoever carries them out

    def called_modify_prot_start(self, name: str, mm: int, addr: int, ptep: int, nr: int) -> None:
        self.events.append((name, addr, ptep, nr))
        self._check_place(mm, addr, ptep)
        if nr != 1:
            self._check_clear(ptep, nr, name)

    def called_modify_prot_commit(
        self, name: str, mm: int, addr: int, ptep: int, old_pte: int, pte: int, nr: int
    ) -> None:
        for word in (old_pte, pte):
            if type(word) is not int or word >> 64:
                refuse_entry(word)
        self.events.append((name, addr, ptep, old_pte, pte, nr))
        self._check_place(mm, addr, ptep)
        if nr != 1:
            self._check_set(ptep, pte, nr, name)

    # -- what they do

    def _modify_prot_start(self, addr: int, ptep: int, nr: int) -> int:
        return self._get_and_clear_full_ptes(ptep, nr)

    def _modify_prot_commit(self, addr: int, ptep: int, pte: int, nr: int) -> None:
        """One entry after the other, each as set_pte_at() sets it."""
        for _ in range(nr):
            self._set_ptes(ptep, pte, 1)
            ptep += 1
            pte = self.pte_next_pfn(pte)

    def _ptep_set_access_flags(self, addr: int, ptep: int, entry: int) -> None:
        """A fault gives an entry accessed, dirty or write. Nothing that is cached allows more than before."""
        self.memory[ptep] = entry

    def ptep_modify_prot_start(self, vma: Vma, addr: int, ptep: int) -> int:
        self.called_modify_prot_start("ptep_modify_prot_start", vma.vm_mm, addr, ptep, 1)
        return self._modify_prot_start(addr, ptep, 1)

    def ptep_modify_prot_commit(self, vma: Vma, addr: int, ptep: int, old_pte: int, pte: int) -> None:
        self.called_modify_prot_commit("ptep_modify_prot_commit", vma.vm_mm, addr, ptep, old_pte, pte, 1)
        self._modify_prot_commit(addr, ptep, pte, 1)

    def modify_prot_start_ptes(self, vma: Vma, addr: int, ptep: int, nr: int) -> int:
        """Take out `nr` entries of one folio; returns the first, accessed and dirty of all merged into it."""
        self.called_modify_prot_start("modify_prot_start_ptes", vma.vm_mm, addr, ptep, nr)
        return self._modify_prot_start(addr, ptep, nr)

    def modify_prot_commit_ptes(self, vma: Vma, addr: int, ptep: int, old_pte: int, pte: int, nr: int) -> None:
        """Put back `pte` and its nr-1 successors."""
        self.called_modify_prot_commit("modify_prot_commit_ptes", vma.vm_mm, addr, ptep, old_pte, pte, nr)
        self._modify_prot_commit(addr, ptep, pte, nr)

    # -- what the VMA wants to be told of

    def vma_soft_dirty_enabled(self, vma: Vma) -> bool:
        """mm/internal.h: stores are tracked since clear_refs was written."""
        return self.config.mem_soft_dirty and not vma.softdirty

    def pte_needs_soft_dirty_wp(self, vma: Vma, pte: int) -> bool:
        return self.vma_soft_dirty_enabled(vma) and not self.pte_soft_dirty(pte)

    def userfaultfd_pte_wp(self, vma: Vma, pte: int) -> bool:
        return self.userfaultfd_wp(vma) and self.pte_uffd_wp(pte)

    def vma_is_anonymous(self, vma: Vma) -> bool:
        return not vma.vm_file

    def userfaultfd_wp_use_markers(self, vma: Vma) -> bool:
        """Whether an entry that is none can be write-protected, by a marker."""
        return self.userfaultfd_wp(vma) and (not self.vma_is_anonymous(vma) or vma.uffd_wp_unpopulated)
