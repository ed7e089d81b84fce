# SPDX-License-Identifier: GPL-2.0-only
"""The arm64 PTE word, 4K pages without LPA2: arch/arm64/include/asm/pgtable-hwdef.h, pgtable-prot.h and pgtable.h.

Dirty  Writable | RDONLY  WRITE  DIRTY (sw)
  0        0    |   1       0       0
  0        1    |   1       1       0
  1        0    |   1       0       1
  1        1    |   0       1       x      dirty in hardware: WRITE and not RDONLY
"""

from typing import ClassVar

from pte_review.models.arch.word import U64, PteWords
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.vma import Vma

VALID = 1 << 0
TABLE_BIT = 1 << 1
ATTRINDX = 7 << 2
USER = 1 << 6
RDONLY = 1 << 7
SHARED = 3 << 8
AF = 1 << 10
NG = 1 << 11
PRESENT_INVALID = NG  # only where VALID is clear
GP = 1 << 50
WRITE = 1 << 51  # PTE_DBM
CONT = 1 << 52
PXN = 1 << 53
UXN = 1 << 54
DIRTY = 1 << 55  # software
SPECIAL = 1 << 56
DEVMAP = 1 << 57  # until v6.16
UFFD_WP = 1 << 58
PO_IDX = 7 << 60
SWBITS = 1 << 63 | 0xF << 55  # PTE_SWBITS_MASK


class Arm64(PteWords):
    """4K pages without LPA2, with or without contpte; no soft-dirty."""

    arch = "arm64"
    VALID = VALID
    CONT = CONT
    DEVMAP = DEVMAP
    PFN_MASK = ((1 << 50) - 1) & ~((1 << PAGE_SHIFT) - 1)
    PROT_USER = VALID | TABLE_BIT | USER | RDONLY | SHARED | NG | PXN | UXN
    PROT_NONE = TABLE_BIT | RDONLY | SHARED | PRESENT_INVALID | PXN | UXN
    NO_EXEC = UXN
    PROT_MASK = VALID | TABLE_BIT | ATTRINDX | USER | SHARED | NG | GP | PXN | UXN | DEVMAP | PO_IDX
    BIT_NAMES: ClassVar[dict[str, int]] = {
        "ATTRINDX": ATTRINDX, "USER": USER, "SH": SHARED, "nG": NG, "GP": GP, "PXN": PXN, "UXN": UXN,
        "DEVMAP": DEVMAP, "PO_IDX": PO_IDX, "TABLE": TABLE_BIT,
    }  # fmt: skip
    SWP_PFN_BITS = 36
    SWP_EXCLUSIVE = 1 << 2

    def __init__(self, config: Config) -> None:
        self.config = config
        self.SOFT_DIRTY = 0  # arm64 has none
        self.SWP_SOFT_DIRTY = 0
        self.UFFD_WP = UFFD_WP if config.uffd_wp else 0
        self.SWP_UFFD_WP = 1 << 3 if config.uffd_wp else 0

    @property
    def known_bits(self) -> int:
        return self.PFN_MASK | self.PROT_MASK | RDONLY | AF | WRITE | CONT | DIRTY | SPECIAL | self.UFFD_WP

    def pte_none(self, pte: int) -> bool:
        return not pte

    def pte_present(self, pte: int) -> bool:
        return bool(pte & (VALID | PRESENT_INVALID))

    def pte_protnone(self, pte: int) -> bool:
        return pte & (VALID | PRESENT_INVALID | USER | UXN) == PRESENT_INVALID | UXN

    def pte_valid_cont(self, pte: int) -> bool:
        return pte & (VALID | CONT) == VALID | CONT

    def pte_user_accessible_page(self, pte: int) -> bool:
        return bool(pte & VALID) and (bool(pte & USER) or not pte & UXN)

    def pte_write(self, pte: int) -> bool:
        return bool(pte & WRITE)

    def pte_hw_dirty(self, pte: int) -> bool:
        return pte & (WRITE | RDONLY) == WRITE

    def pte_dirty(self, pte: int) -> bool:
        return bool(pte & DIRTY) or pte & (WRITE | RDONLY) == WRITE

    def pte_young(self, pte: int) -> bool:
        return bool(pte & AF)

    def pte_special(self, pte: int) -> bool:
        return bool(pte & SPECIAL)

    def pte_mkdirty(self, pte: int) -> int:
        pte |= DIRTY
        if pte & WRITE:
            pte &= ~RDONLY
        return pte

    def pte_mkclean(self, pte: int) -> int:
        return (pte & ~DIRTY) | RDONLY

    def pte_mkyoung(self, pte: int) -> int:
        return pte | AF

    def pte_mkold(self, pte: int) -> int:
        return pte & ~AF

    def pte_mkspecial(self, pte: int) -> int:
        return pte | SPECIAL

    def pte_mkwrite_novma(self, pte: int) -> int:
        pte |= WRITE
        if pte & DIRTY:
            pte &= ~RDONLY
        return pte

    def pte_mkwrite(self, pte: int, vma: Vma) -> int:
        return self.pte_mkwrite_novma(pte)

    def pte_wrprotect(self, pte: int) -> int:
        if pte & (WRITE | RDONLY) == WRITE:
            pte |= DIRTY
        return (pte & ~WRITE) | RDONLY

    def vm_get_page_prot(self, vma: Vma, *, shared: bool) -> int:
        if not (vma.read or vma.write or vma.exec):
            return TABLE_BIT | RDONLY | SHARED | AF | PRESENT_INVALID | PXN | UXN
        write = WRITE if vma.write and shared else 0
        return VALID | TABLE_BIT | USER | RDONLY | SHARED | AF | NG | PXN | write | (0 if vma.exec else UXN)

    def pte_modify(self, pte: int, prot: int) -> int:
        # Dirty in hardware becomes the software bit first; CONT, accessed and software bits stay.
        taken = USER | PXN | UXN | RDONLY | PRESENT_INVALID | VALID | WRITE | GP | ATTRINDX | PO_IDX
        pte = pte | DIRTY if self.pte_hw_dirty(pte) else pte
        pte = (pte & ~taken) | (prot & taken)
        return self.pte_mkdirty(pte) if pte & DIRTY else pte

    def pte_needs_flush(self, oldpte: int, newpte: int) -> bool:
        if not self.config.own_needs_flush:
            return True  # include/asm-generic/tlb.h
        return bool(oldpte & VALID) and bool((oldpte ^ newpte) & ~SWBITS)

    def pte_user_exec(self, pte: int) -> bool:
        return not pte & UXN

    def without_ad(self, pte: int) -> int:
        # RDONLY says dirty only where there is WRITE.
        return pte & ~(AF | DIRTY | (RDONLY if pte & WRITE else 0))

    def mmu_may_write(self, pte: int) -> bool:
        # FEAT_HAFDBS: RDONLY with WRITE (DBM) is writable but clean.
        return bool(pte & VALID) and pte & (WRITE | RDONLY) != RDONLY

    def mmu_dirty(self, pte: int) -> bool:
        return not pte & RDONLY

    def mmu_mkdirty(self, pte: int) -> int:
        return pte & ~RDONLY

    def pte_mkcont(self, pte: int) -> int:
        # Sets CONT alone since commit ced841702ee7 (v6.13); before, it made the entry valid as well.
        return pte | CONT

    def pte_mknoncont(self, pte: int) -> int:
        return pte & ~CONT

    def pte_pfn(self, pte: int) -> int:
        return (pte & self.PFN_MASK) >> PAGE_SHIFT

    def pfn_pte(self, pfn: int, prot: int) -> int:
        return ((pfn << PAGE_SHIFT) & U64) | prot  # a PFN above the mask runs into the bits there

    def pte_pgprot(self, pte: int) -> int:
        return pte & ~self.PFN_MASK

    def pte_advance_pfn(self, pte: int, nr: int) -> int:
        return (pte & ~self.PFN_MASK) | (((pte & self.PFN_MASK) + (nr << PAGE_SHIFT)) & U64)

    # Swap: type in bits 6-10, offset in bits 12-61.

    def swp_entry_to_pte(self, type_: int, offset: int) -> int:
        return (type_ << 6) | (offset << 12)

    def _swp_type(self, pte: int) -> int:
        return (pte >> 6) & 0x1F

    def _swp_offset(self, pte: int) -> int:
        return (pte >> 12) & ((1 << 50) - 1)

    def pte_batch_hint(self, ptep: int, pte: int) -> int:
        """Entries left in the contpte block of `ptep`, itself included, where `pte` is valid and CONT."""
        if pte & (VALID | CONT) != VALID | CONT:
            return 1
        return self.config.cont_ptes - (ptep & (self.config.cont_ptes - 1))
