# SPDX-License-Identifier: GPL-2.0-only
"""Entries and their VMA: the protection that it gives them, and what the MMU does with an entry that has it."""

from abc import abstractmethod

from pte_review.models.arch.present import PresentWords
from pte_review.models.vma import Vma

NO_ACCESS = Vma(read=False, write=False)


class ProtectedWords(PresentWords):
    """Predicates and setters of protection."""

    # -- protection

    @abstractmethod
    def vm_get_page_prot(self, vma: Vma, *, shared: bool) -> int:
        """vm_get_page_prot() of the VMA's flags, VM_SHARED among them or not: the bits of a fresh entry but its PFN."""

    def vm_page_prot(self, vma: Vma) -> int:
        """What vma_set_page_prot() makes of vma->vm_page_prot: private where a store has to be noticed."""
        return self.vm_get_page_prot(vma, shared=vma.shared and not self.vma_wants_writenotify(vma))

    def vma_wants_writenotify(self, vma: Vma) -> bool:
        """Whether the first store to a page of a shared VMA has to fault."""
        return self.notices_stores(vma) or (vma.shared and vma.write and self.userfaultfd_wp(vma))

    def notices_stores(self, vma: Vma) -> bool:
        """Whether what may be written of a shared VMA is dirty: page_mkwrite() or soft-dirty tracking saw to it.

        Userfaultfd sees to nothing: what was writable when the VMA was registered stays so.
        """
        tracked = bool(self.SOFT_DIRTY) and not vma.softdirty
        return vma.shared and vma.write and (vma.writenotify or tracked)

    def userfaultfd_wp(self, vma: Vma) -> bool:
        return vma.has_uffd("wp", rwp=self.config.uffd_rwp)

    def userfaultfd_rwp(self, vma: Vma) -> bool:
        """v7.3: entries with the uffd bit are PROT_NONE, so that reading faults too."""
        return vma.has_uffd("rwp", rwp=self.config.uffd_rwp)

    def keeps_uffd(self, vma: Vma) -> bool:
        """Whether entries of the VMA may have the uffd bit."""
        return self.userfaultfd_wp(vma) or self.userfaultfd_rwp(vma)

    def entry_prot(self, vma: Vma) -> int:
        """What the VMA's entries have in common: read-only, old and clean, before write permission is given."""
        return self.pte_mkold(self.vm_get_page_prot(vma, shared=False))

    @property
    def PAGE_NONE(self) -> int:
        """The protection of a mapping without any access: the entry is present and not valid."""
        return self.vm_get_page_prot(NO_ACCESS, shared=False)

    @abstractmethod
    def pte_modify(self, pte: int, prot: int) -> int:
        """A present entry under other protection: PFN, accessed, dirty, special, soft-dirty and uffd stay."""

    @abstractmethod
    def pte_needs_flush(self, oldpte: int, newpte: int) -> bool:
        """Whether a TLB that holds `oldpte` has to be flushed where `newpte` takes its place."""

    @abstractmethod
    def pte_user_exec(self, pte: int) -> bool:
        """Whether a user may execute the page of a valid entry."""

    # -- what the MMU does with a valid entry

    @abstractmethod
    def mmu_may_write(self, pte: int) -> bool:
        """Whether a user's store goes through a valid entry, setting dirty if need be."""

    @abstractmethod
    def mmu_dirty(self, pte: int) -> bool:
        """Whether a store leaves the entry as it is."""

    @abstractmethod
    def mmu_mkdirty(self, pte: int) -> int:
        """The entry after the first store through it: no software bit changes."""

    def mmu_forgives(self, cached: int, pte: int) -> bool:
        """Whether a CPU that has cached the valid entry `cached` does with it what the entry `pte` allows.

        The page is the same, and so is the memory type; no right is left over; a page that the CPU takes for dirty is.
        """
        if not self.pte_valid(pte) or self.pte_pfn(cached) != self.pte_pfn(pte):
            return False
        if self.mmu_may_write(cached) and (
            not self.mmu_may_write(pte) or (self.mmu_dirty(cached) and not self.mmu_dirty(pte))
        ):
            return False
        return not (cached ^ pte) & self.PROT_MASK & ~(self.NO_EXEC & cached)
