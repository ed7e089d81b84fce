# SPDX-License-Identifier: GPL-2.0-only
"""Entries that are neither none nor present: swap, migration, hwpoison, device memory, markers."""

from pte_review.models.arch.word import (
    MAX_SWAPFILES,
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_EXCLUSIVE,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_READ_EXCLUSIVE,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
    PteWords,
)
from pte_review.models.machine.page_table_check import SWAP_CACHED_WRITABLE
from pte_review.models.vma import Vma
from pte_review.strategies.choices import Choices

MIGRATION = (SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE)
TYPES = (
    *(0, 0, 5),  # swap files
    *(SWP_PTE_MARKER,) * 4,
    *MIGRATION,
    *(SWP_HWPOISON, SWP_DEVICE_READ, SWP_DEVICE_WRITE, SWP_DEVICE_EXCLUSIVE),
)
MARKERS = (*(PTE_MARKER_UFFD_WP,) * 3, PTE_MARKER_GUARD, PTE_MARKER_POISONED)
FIRST_MIGRATING_PFN = 0x8_0000  # above what layouts map


def draw_absent(words: PteWords, vma: Vma, choices: Choices, slots: range) -> list[int]:
    """An entry for each of `slots`, all of one kind: swap slots or page frames in a row, or the same marker."""
    type_ = choices.pick(TYPES)
    if vma.droppable and type_ < MAX_SWAPFILES:
        type_ = SWP_PTE_MARKER  # such pages are dropped, not swapped out
    flags = choices.below(16)
    if type_ == SWP_PTE_MARKER:
        return [_marker(words, vma, choices, soft_dirty=bool(flags & 2))] * len(slots)
    set_bits = words.SWP_EXCLUSIVE if flags & 1 else 0
    if flags & 2:
        set_bits |= words.SWP_SOFT_DIRTY
    if flags & 4 and words.keeps_uffd(vma) and type_ not in SWAP_CACHED_WRITABLE:
        set_bits |= words.SWP_UFFD_WP
    return [words.swp_entry_to_pte(type_, _payload(words, choices, type_, slot)) | set_bits for slot in slots]


def _payload(words: PteWords, choices: Choices, type_: int, slot: int) -> int:
    """Swap slot or PFN; a migration entry may carry accessed and dirty above its PFN."""
    if type_ in MIGRATION:
        return (FIRST_MIGRATING_PFN + slot) | choices.below(4) << words.SWP_PFN_BITS
    return slot


def _marker(words: PteWords, vma: Vma, choices: Choices, *, soft_dirty: bool) -> int:
    marker = choices.pick(MARKERS)
    if marker == PTE_MARKER_UFFD_WP and not (words.keeps_uffd(vma) and words.config.pte_marker_uffd_wp):
        marker = PTE_MARKER_GUARD
    pte = words.swp_entry_to_pte(SWP_PTE_MARKER, marker)
    return words.pte_swp_mksoft_dirty(pte) if soft_dirty else pte
