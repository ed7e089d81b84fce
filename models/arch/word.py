# SPDX-License-Identifier: GPL-2.0-only
"""What every architecture's PTE word has: include/linux/pgtable.h, swapops.h and userfaultfd_k.h of v6.16.

A PTE is a plain int in the architecture's real layout. Everything here is a pure function of its arguments
and the config; what touches memory is in models/machine. present.py has present entries, protection.py what a VMA and
the MMU make of them; here are the entries that are not present, and the word as a whole.
"""

from abc import abstractmethod
from typing import NamedTuple

from pte_review.models.arch.protection import ProtectedWords

U64 = (1 << 64) - 1

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


class PteWords(ProtectedWords):
    """Predicates and setters of one architecture's PTE word, under their kernel names."""

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

    # The names since v7.3, where the bit serves userfaultfd RWP too.

    def pte_swp_uffd(self, pte: int) -> bool:
        return self.pte_swp_uffd_wp(pte)

    def pte_swp_mkuffd(self, pte: int) -> int:
        return self.pte_swp_mkuffd_wp(pte)

    def pte_swp_clear_uffd(self, pte: int) -> int:
        return self.pte_swp_clear_uffd_wp(pte)

    def pte_is_uffd_wp_marker(self, pte: int) -> bool:
        """pte_marker_uffd_wp() since v6.19."""
        return self.pte_marker_uffd_wp(pte)

    # -- hooks that some architectures override

    def move_pte(self, pte: int, addr_from: int, addr_to: int) -> int:
        """The identity everywhere but on sparc64, which flushes the D-cache here and never changes the value."""
        return pte

    def pte_batch_hint(self, ptep: int, pte: int) -> int:
        """How many entries from `ptep` on are known to be one batch: 1 but on arm64."""
        return 1
