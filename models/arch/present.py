# SPDX-License-Identifier: GPL-2.0-only
"""Present entries: their bits and page frames, and what tells them from others. include/linux/pgtable.h of v6.16."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pte_review.models.config import Config
from pte_review.models.vma import Vma


class PresentWords(ABC):
    """Predicates and setters of present entries. The constants are those of every entry of an architecture."""

    arch: ClassVar[str]
    VALID: ClassVar[int]  # the bit the MMU looks at
    CONT: ClassVar[int]  # PTE_CONT; 0 where there is none
    DEVMAP: ClassVar[int]  # until v6.16
    PFN_MASK: ClassVar[int]
    PROT_USER: ClassVar[int]  # a valid user data mapping, read-only, old and clean
    PROT_NONE: ClassVar[int]  # the same under PROT_NONE
    NO_EXEC: ClassVar[int]  # forbids a user to execute
    PROT_MASK: ClassVar[int]  # bits that are uniform in a VMA: user, NX, pkey, cache
    BIT_NAMES: ClassVar[dict[str, int]]  # the rest of the word, for people
    SWP_PFN_BITS: ClassVar[int]  # MAX_PHYSMEM_BITS - PAGE_SHIFT
    SWP_EXCLUSIVE: ClassVar[int]

    def __init__(self, config: Config) -> None:
        self.config = config
        self.SOFT_DIRTY = 0
        self.SWP_SOFT_DIRTY = 0
        self.UFFD_WP = 0
        self.SWP_UFFD_WP = 0

    @property
    @abstractmethod
    def known_bits(self) -> int:
        """Bits of a present entry that have a meaning under this config."""

    # -- kinds of entry

    @abstractmethod
    def pte_none(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_present(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_protnone(self, pte: int) -> bool: ...

    def pte_valid(self, pte: int) -> bool:
        """Whether the MMU uses the entry (x86: _PAGE_PRESENT, arm64: PTE_VALID; both bit 0)."""
        return bool(pte & self.VALID)

    def is_swap_pte(self, pte: int) -> bool:
        """True for every entry that is neither none nor present, whatever its swap type."""
        return not self.pte_none(pte) and not self.pte_present(pte)

    @abstractmethod
    def pte_user_accessible_page(self, pte: int) -> bool: ...

    # -- bits of a present entry

    @abstractmethod
    def pte_write(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_dirty(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_young(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_special(self, pte: int) -> bool: ...

    @abstractmethod
    def pte_mkdirty(self, pte: int) -> int: ...

    @abstractmethod
    def pte_mkclean(self, pte: int) -> int: ...

    @abstractmethod
    def pte_mkyoung(self, pte: int) -> int: ...

    @abstractmethod
    def pte_mkold(self, pte: int) -> int: ...

    @abstractmethod
    def pte_mkspecial(self, pte: int) -> int: ...

    @abstractmethod
    def pte_mkwrite(self, pte: int, vma: Vma) -> int: ...

    @abstractmethod
    def pte_mkwrite_novma(self, pte: int) -> int: ...

    @abstractmethod
    def pte_wrprotect(self, pte: int) -> int: ...

    @abstractmethod
    def without_ad(self, pte: int) -> int:
        """A present entry without its accessed and dirty fields."""

    def pte_same(self, a: int, b: int) -> bool:
        return a == b

    def pte_cont(self, pte: int) -> bool:
        return bool(pte & self.CONT)

    def pte_soft_dirty(self, pte: int) -> bool:
        return bool(pte & self.SOFT_DIRTY)

    def pte_mksoft_dirty(self, pte: int) -> int:
        """A no-op where the architecture or the config has no soft-dirty bit."""
        return pte | self.SOFT_DIRTY

    def pte_clear_soft_dirty(self, pte: int) -> int:
        return pte & ~self.SOFT_DIRTY

    def pte_uffd_wp(self, pte: int) -> bool:
        return bool(pte & self.UFFD_WP)

    def pte_mkuffd_wp(self, pte: int) -> int:
        """Sets the bit and write-protects. Without HAVE_ARCH_USERFAULTFD_WP a stub that returns its input."""
        return self.pte_wrprotect(pte | self.UFFD_WP) if self.UFFD_WP else pte

    def pte_clear_uffd_wp(self, pte: int) -> int:
        """Clears the bit only: write permission is not restored."""
        return pte & ~self.UFFD_WP

    # The names since v7.3, where the bit serves userfaultfd RWP too.

    def pte_uffd(self, pte: int) -> bool:
        return self.pte_uffd_wp(pte)

    def pte_mkuffd(self, pte: int) -> int:
        return self.pte_mkuffd_wp(pte)

    def pte_clear_uffd(self, pte: int) -> int:
        return self.pte_clear_uffd_wp(pte)

    # -- page frames

    @abstractmethod
    def pte_pfn(self, pte: int) -> int: ...

    @abstractmethod
    def pfn_pte(self, pfn: int, prot: int) -> int: ...

    @abstractmethod
    def pte_pgprot(self, pte: int) -> int: ...

    @abstractmethod
    def pte_advance_pfn(self, pte: int, nr: int) -> int: ...
