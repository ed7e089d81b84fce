# SPDX-License-Identifier: GPL-2.0-only
"""What every architecture's PTE word has: include/linux/pgtable.h, swapops.h and userfaultfd_k.h of v6.16.

A PTE is a plain int in the architecture's real layout. Everything here is a pure function of its arguments
and the config; what touches memory is in models/machine.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from pte_review.models.config import Config
from pte_review.models.vma import Vma

U64 = (1 << 64) - 1
NO_ACCESS = Vma(read=False, write=False)

# Swap types (include/linux/swap.h). v6.15 made device-exclusive one type (commit c25465eb7630), so
# MAX_SWAPFILES is 24 with every option on.
MAX_SWAPFILES = 24
SWP_HWPOISON = 24
SWP_MIGRATION_READ = 25
SWP_MIGRATION_READ_EXCLUSIVE = 26
SWP_MIGRATION_WRITE = 27
SWP_DEVICE_WRITE = 28
SWP_DEVICE_READ = 29
SWP_DEVICE_EXCLUSIVE = 30
SWP_PTE_MARKER = 31

PTE_MARKER_UFFD_WP = 1
PTE_MARKER_POISONED = 2
PTE_MARKER_GUARD = 4


class SwpEntry(NamedTuple):
    """swp_entry_t, since v6.19 softleaf_t."""

    type: int
    offset: int


class PteWords(ABC):
    """Predicates and setters of one architecture's PTE word, under their kernel names."""

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

    def pte_swp_uffd(self, pte: int) -> bool:
        return self.pte_swp_uffd_wp(pte)

    def pte_swp_mkuffd(self, pte: int) -> int:
        return self.pte_swp_mkuffd_wp(pte)

    def pte_clear_uffd(self, pte: int) -> int:
        return self.pte_clear_uffd_wp(pte)

    def pte_swp_clear_uffd(self, pte: int) -> int:
        return self.pte_swp_clear_uffd_wp(pte)

    def pte_is_uffd_wp_marker(self, pte: int) -> bool:
        """pte_marker_uffd_wp() since v6.19."""
        return self.pte_marker_uffd_wp(pte)

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

    # -- page frames

    @abstractmethod
    def pte_pfn(self, pte: int) -> int: ...

    @abstractmethod
    def pfn_pte(self, pfn: int, prot: int) -> int: ...

    @abstractmethod
    def pte_pgprot(self, pte: int) -> int: ...

    @abstractmethod
    def pte_advance_pfn(self, pte: int, nr: int) -> int: ...

    # -- swap entries

    @abstractmethod
    def swp_entry_to_pte(self, type_: int, offset: int) -> int: ...

    @abstractmethod
    def _swp_type(self, pte: int) -> int: ...

    @abstractmethod
    def _swp_offset(self, pte: int) -> int: ...

    def pte_swp_clear_flags(self, pte: int) -> int:
        """Without the exclusive, soft-dirty and uffd-wp flags: what pte_to_swp_entry() strips first."""
        return pte & ~(self.SWP_EXCLUSIVE | self.SWP_SOFT_DIRTY | self.SWP_UFFD_WP)

    def swp_type(self, pte: int) -> int:
        """Swap type of a swap PTE: below MAX_SWAPFILES a swap file, else one of the SWP_* kinds."""
        return self._swp_type(self.pte_swp_clear_flags(pte))

    def swp_offset(self, pte: int) -> int:
        """Swap slot, or what the SWP_* kinds keep there: a PFN with migration A and D above it, marker bits."""
        return self._swp_offset(self.pte_swp_clear_flags(pte))

    def pte_swp_exclusive(self, pte: int) -> bool:
        return bool(pte & self.SWP_EXCLUSIVE)

    def pte_swp_soft_dirty(self, pte: int) -> bool:
        return bool(pte & self.SWP_SOFT_DIRTY)

    def pte_swp_mksoft_dirty(self, pte: int) -> int:
        return pte | self.SWP_SOFT_DIRTY

    def pte_swp_uffd_wp(self, pte: int) -> bool:
        return bool(pte & self.SWP_UFFD_WP)

    def pte_swp_mkuffd_wp(self, pte: int) -> int:
        return pte | self.SWP_UFFD_WP

    def pte_swp_clear_uffd_wp(self, pte: int) -> int:
        return pte & ~self.SWP_UFFD_WP

    # The entry behind the word: include/linux/swapops.h, since v6.19 leafops.h.

    def pte_to_swp_entry(self, pte: int) -> SwpEntry:
        return SwpEntry(self.swp_type(pte), self.swp_offset(pte))

    def softleaf_from_pte(self, pte: int) -> SwpEntry:
        """pte_to_swp_entry() since v6.19."""
        return self.pte_to_swp_entry(pte)

    def is_writable_migration_entry(self, entry: SwpEntry) -> bool:
        return entry.type == SWP_MIGRATION_WRITE

    def is_writable_device_private_entry(self, entry: SwpEntry) -> bool:
        return entry.type == SWP_DEVICE_WRITE

    def is_pte_marker_entry(self, entry: SwpEntry) -> bool:
        return entry.type == SWP_PTE_MARKER

    def is_poisoned_swp_entry(self, entry: SwpEntry) -> bool:
        return entry.type == SWP_PTE_MARKER and bool(entry.offset & PTE_MARKER_POISONED)

    def is_guard_swp_entry(self, entry: SwpEntry) -> bool:
        return entry.type == SWP_PTE_MARKER and bool(entry.offset & PTE_MARKER_GUARD)

    # The names since v6.19.

    def softleaf_is_migration_write(self, entry: SwpEntry) -> bool:
        return self.is_writable_migration_entry(entry)

    def softleaf_is_device_private_write(self, entry: SwpEntry) -> bool:
        return self.is_writable_device_private_entry(entry)

    def softleaf_is_marker(self, entry: SwpEntry) -> bool:
        return self.is_pte_marker_entry(entry)

    def softleaf_is_poison_marker(self, entry: SwpEntry) -> bool:
        return self.is_poisoned_swp_entry(entry)

    def softleaf_is_guard_marker(self, entry: SwpEntry) -> bool:
        return self.is_guard_swp_entry(entry)

    # They take the offset whole: a migration entry keeps accessed and dirty, which stand above its PFN.

    def make_readable_migration_entry(self, offset: int) -> SwpEntry:
        return SwpEntry(SWP_MIGRATION_READ, offset)

    def make_readable_exclusive_migration_entry(self, offset: int) -> SwpEntry:
        return SwpEntry(SWP_MIGRATION_READ_EXCLUSIVE, offset)

    def make_readable_device_private_entry(self, offset: int) -> SwpEntry:
        return SwpEntry(SWP_DEVICE_READ, offset)

    def make_pte_marker(self, marker: int) -> int:
        return self.swp_entry_to_pte(SWP_PTE_MARKER, marker)

    def pte_marker_uffd_wp(self, pte: int) -> bool:
        """A marker with the UFFD_WP bit, whatever other marker bits it has. False for present entries."""
        return (
            self.config.pte_marker_uffd_wp
            and self.is_swap_pte(pte)
            and self.swp_type(pte) == SWP_PTE_MARKER
            and bool(self.swp_offset(pte) & PTE_MARKER_UFFD_WP)
        )

    # -- hooks that some architectures override

    def move_pte(self, pte: int, addr_from: int, addr_to: int) -> int:
        """The identity everywhere but on sparc64, which flushes the D-cache here and never changes the value."""
        return pte

    def pte_batch_hint(self, ptep: int, pte: int) -> int:
        """How many entries from `ptep` on are known to be one batch: 1 but on arm64."""
        return 1
