# SPDX-License-Identifier: GPL-2.0-only
"""The x86_64 PTE word: arch/x86/include/asm/pgtable_types.h, pgtable.h, pgtable_64.h and pgtable-invert.h."""

from typing import ClassVar

from pte_review.models.arch.word import U64, PteWords
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.vma import Vma

PRESENT = 1 << 0
RW = 1 << 1
USER = 1 << 2
PWT = 1 << 3
PCD = 1 << 4
ACCESSED = 1 << 5
DIRTY = 1 << 6
PAT = 1 << 7
PROTNONE = 1 << 8  # _PAGE_GLOBAL where PRESENT is set
SPECIAL = 1 << 9
UFFD_WP = 1 << 10
SOFT_DIRTY = 1 << 11
DEVMAP = 1 << 57
SAVED_DIRTY = 1 << 58
PKEY = 0xF << 59
NX = 1 << 63

DIRTY_BITS = DIRTY | SAVED_DIRTY
FLUSHED_ON_CHANGE = RW | USER | PWT | PCD | PAT | PROTNONE | PKEY | NX  # flush_on_change of pte_flags_need_flush()
KNL_ERRATUM = DIRTY | ACCESSED  # hardware may set these in an entry that is none


class X86_64(PteWords):
    """4-level paging, 4K pages; contpte is not there, a batch hint is always 1."""

    arch = "x86_64"
    VALID = PRESENT
    CONT = 0
    DEVMAP = DEVMAP
    PFN_MASK = ((1 << 52) - 1) & ~((1 << PAGE_SHIFT) - 1)
    PROT_USER = PRESENT | USER | NX
    PROT_NONE = PROTNONE  # PAGE_NONE; user and NX go with it
    NO_EXEC = NX
    PROT_MASK = USER | PWT | PCD | PAT | PROTNONE | DEVMAP | PKEY | NX
    BIT_NAMES: ClassVar[dict[str, int]] = {
        "PWT": PWT, "PCD": PCD, "PAT": PAT, "DEVMAP": DEVMAP, "PKEY": PKEY, "US": USER, "NX": NX,
    }  # fmt: skip
    SWP_PFN_BITS = 34  # 4-level paging; 40 with 5 levels
    SWP_EXCLUSIVE = 1 << 3

    def __init__(self, config: Config) -> None:
        self.config = config
        self.SOFT_DIRTY = SOFT_DIRTY if config.mem_soft_dirty else 0
        self.SWP_SOFT_DIRTY = RW if config.mem_soft_dirty else 0
        self.UFFD_WP = UFFD_WP if config.uffd_wp else 0
        self.SWP_UFFD_WP = USER if config.uffd_wp else 0

    @property
    def known_bits(self) -> int:
        return (
            self.PFN_MASK
            | self.PROT_MASK
            | PRESENT
            | RW
            | ACCESSED
            | DIRTY_BITS
            | SPECIAL
            | self.UFFD_WP
            | self.SOFT_DIRTY
        )

    def pte_none(self, pte: int) -> bool:
        return not pte & ~KNL_ERRATUM

    def pte_present(self, pte: int) -> bool:
        return bool(pte & (PRESENT | PROTNONE))

    def pte_protnone(self, pte: int) -> bool:
        return pte & (PRESENT | PROTNONE) == PROTNONE

    def pte_user_accessible_page(self, pte: int) -> bool:
        return pte & (PRESENT | USER) == PRESENT | USER

    def pte_shstk(self, pte: int) -> bool:
        """A shadow-stack entry: Write=0, Dirty=1 on a CPU that has them."""
        return self.config.shstk and pte & (RW | DIRTY) == DIRTY

    def pte_write(self, pte: int) -> bool:
        # Shadow-stack memory is writable, to the CPU's own pushes, although RW is clear.
        return bool(pte & RW) or self.pte_shstk(pte)

    def pte_dirty(self, pte: int) -> bool:
        return bool(pte & DIRTY_BITS)

    def pte_young(self, pte: int) -> bool:
        return bool(pte & ACCESSED)

    def pte_special(self, pte: int) -> bool:
        return bool(pte & SPECIAL)

    def _mksaveddirty(self, pte: int) -> int:
        """Write=0 and Dirty=1 would be a shadow-stack entry: the dirty bit moves to SAVED_DIRTY.

        Depends on RW alone, not on the CPU: applied to a shadow-stack entry it makes it an ordinary one.
        """
        if pte & (RW | DIRTY) == DIRTY:
            return (pte & ~DIRTY) | SAVED_DIRTY
        return pte

    def pte_mkdirty(self, pte: int) -> int:
        return self._mksaveddirty(pte | DIRTY | self.SOFT_DIRTY)

    def pte_mkclean(self, pte: int) -> int:
        return pte & ~DIRTY_BITS

    def pte_mkyoung(self, pte: int) -> int:
        return pte | ACCESSED

    def pte_mkold(self, pte: int) -> int:
        return pte & ~ACCESSED

    def pte_mkspecial(self, pte: int) -> int:
        return pte | SPECIAL

    def pte_mkwrite_novma(self, pte: int) -> int:
        return pte | RW

    def pte_mkwrite(self, pte: int, vma: Vma) -> int:
        if vma.shadow_stack:
            return (pte & ~RW) | DIRTY
        pte |= RW
        if pte & SAVED_DIRTY:
            pte = (pte & ~SAVED_DIRTY) | DIRTY
        return pte

    def pte_wrprotect(self, pte: int) -> int:
        return self._mksaveddirty(pte & ~RW)

    def vm_get_page_prot(self, vma: Vma, *, shared: bool) -> int:
        if not (vma.read or vma.write or vma.exec):
            return ACCESSED | PROTNONE
        return PRESENT | USER | ACCESSED | (RW if vma.write and shared else 0) | (0 if vma.exec else NX)

    def pte_modify(self, pte: int, prot: int) -> int:
        kept = SPECIAL | ACCESSED | DIRTY_BITS | self.SOFT_DIRTY | self.UFFD_WP | PCD | PWT | PAT
        value = (pte & (kept | self.PFN_MASK)) | (prot & ~(kept | self.PFN_MASK))
        if bool(pte and not pte & PRESENT) != bool(value and not value & PRESENT):  # L1TF: the PFN turns over
            value ^= self.PFN_MASK
        if pte & RW:  # of others, a shadow-stack entry is to stay one
            return self._mksaveddirty(value)
        return (value & ~SAVED_DIRTY) | DIRTY if value & RW and value & SAVED_DIRTY else value

    def pte_needs_flush(self, oldpte: int, newpte: int) -> bool:
        # Accessed does not count, as in ptep_clear_flush_young(); nor do the bits that only software reads.
        if not oldpte & PRESENT:
            return False
        if self.pte_pfn(oldpte) != self.pte_pfn(newpte):
            return True
        diff = oldpte ^ newpte
        return bool(diff & oldpte & (DIRTY | PRESENT) or diff & FLUSHED_ON_CHANGE)

    def pte_user_exec(self, pte: int) -> bool:
        return not pte & NX

    def without_ad(self, pte: int) -> int:
        return pte & ~(ACCESSED | DIRTY_BITS)

    def mmu_may_write(self, pte: int) -> bool:
        return pte & (PRESENT | RW) == PRESENT | RW

    def mmu_dirty(self, pte: int) -> bool:
        return bool(pte & DIRTY)

    def mmu_mkdirty(self, pte: int) -> int:
        return pte | DIRTY

    def mmu_forgives(self, cached: int, pte: int) -> bool:
        # A shadow-stack entry allows pushes.
        return super().mmu_forgives(cached, pte) and not (self.pte_shstk(cached) and not self.pte_write(pte))

    # L1TF: the page frame of a non-zero entry that is not PRESENT is stored inverted.

    def pte_pfn(self, pte: int) -> int:
        if pte and not pte & PRESENT:
            pte = ~pte
        return (pte & self.PFN_MASK) >> PAGE_SHIFT

    def pfn_pte(self, pfn: int, prot: int) -> int:
        address = pfn << PAGE_SHIFT
        if prot and not prot & PRESENT:
            address = ~address
        return (address & self.PFN_MASK) | prot

    def pte_pgprot(self, pte: int) -> int:
        return pte & ~self.PFN_MASK

    def pte_advance_pfn(self, pte: int, nr: int) -> int:
        if pte and not pte & PRESENT:
            return (pte - (nr << PAGE_SHIFT)) & U64
        return (pte + (nr << PAGE_SHIFT)) & U64

    # Swap: type in bits 59-63, offset inverted in bits 9-58.

    def swp_entry_to_pte(self, type_: int, offset: int) -> int:
        return (((~offset << 14) & U64) >> 5) | (type_ << 59)

    def _swp_type(self, pte: int) -> int:
        return pte >> 59

    def _swp_offset(self, pte: int) -> int:
        return ((~pte << 5) & U64) >> 14
