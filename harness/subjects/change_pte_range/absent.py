# SPDX-License-Identifier: GPL-2.0-only
"""What a change of protection does to entries that are not present, and the kinds of divergence there."""

from pte_review.models.arch.word import (
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_READ_EXCLUSIVE,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
    PteWords,
)
from pte_review.models.machine.page_table_check import SWAP_CACHED_WRITABLE
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma


def changed_none(words: PteWords, vma: Vma, pte: int) -> int:
    """Under userfaultfd-wp a marker stands for what the page cache may hold: userfaultfd_wp_use_markers()."""
    if words.userfaultfd_wp(vma) and (vma.vm_file or vma.uffd_wp_unpopulated):
        return words.swp_entry_to_pte(SWP_PTE_MARKER, PTE_MARKER_UFFD_WP)
    return pte


def changed_absent(scenario: Scenario, pte: int, *, protects: bool, resolves: bool) -> int:
    """A writable migration or device-private entry becomes a readable one; userfaultfd sets or clears its bit.

    Accessed and dirty of a migration entry stay: they are part of the offset. Soft-dirty of a device-private entry does
    not, as in copy_nonpresent_pte().
    """
    words = scenario.words
    kind, offset = words.swp_type(pte), words.swp_offset(pte)
    if kind == SWP_PTE_MARKER:
        dropped = resolves and not offset & (PTE_MARKER_POISONED | PTE_MARKER_GUARD)
        return 0 if dropped else pte
    if kind == SWP_MIGRATION_WRITE:
        folio = scenario.folio_of(offset & ((1 << words.SWP_PFN_BITS) - 1))
        readable = SWP_MIGRATION_READ_EXCLUSIVE if folio and folio.anon else SWP_MIGRATION_READ
        changed = words.swp_entry_to_pte(readable, offset)
        pte = words.pte_swp_mksoft_dirty(changed) if words.pte_swp_soft_dirty(pte) else changed
    elif kind == SWP_DEVICE_WRITE:
        pte = words.swp_entry_to_pte(SWP_DEVICE_READ, offset) | (pte & words.SWP_UFFD_WP)
    if protects:
        return pte | words.SWP_UFFD_WP
    return words.pte_swp_clear_uffd_wp(pte) if resolves else pte


def absent_kinds(words: PteWords, pte: int, want: int) -> tuple[str, ...]:
    """Kinds for `pte`, which should be `want` and is not present; none where the kit's own say it as well."""
    if words.pte_none(want):
        return ("uffd-wp-kept",) if words.pte_marker_uffd_wp(pte) else ()
    if words.pte_none(pte):
        return ("uffd-wp-lost",) if words.pte_marker_uffd_wp(want) else ()
    both_swap = words.is_swap_pte(pte) and words.is_swap_pte(want)
    if not both_swap or words.swp_offset(pte) != words.swp_offset(want) or words.swp_type(pte) == words.swp_type(want):
        return ()
    writable = [words.swp_type(each) in SWAP_CACHED_WRITABLE for each in (pte, want)]
    return ("write-gained",) if writable == [True, False] else ("other-bits",)
