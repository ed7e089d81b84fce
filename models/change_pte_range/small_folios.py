# SPDX-License-Identifier: GPL-2.0-only
"""v6.19 with an inlined path for single entries; v7.1 and v7.2.

By Pedro Falcato, 2026, as suggested by David Hildenbrand: batching had cost order-0 folios time. Entries that
are not present moved to change_softleaf_pte(), and the lazy MMU calls have new names. The outcome is the same.
"""

from pte_review.models.arch.word import PTE_MARKER_UFFD_WP
from pte_review.models.change_pte_range.call import (
    MM_CP_PROT_NUMA,
    MM_CP_TRY_CHANGE_WRITABLE,
    MM_CP_UFFD_WP,
    MM_CP_UFFD_WP_RESOLVE,
)
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.machine.folios import FPB_RESPECT_SOFT_DIRTY, FPB_RESPECT_WRITE
from pte_review.models.machine.gather import MmuGather
from pte_review.models.machine.kernel import EAGAIN, Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma


def maybe_change_pte_writable(k: Kernel, vma: Vma, pte: int) -> bool:
    if k.WARN_ON_ONCE(not vma.write):
        return False

    # Entries that are not even readable stay as they are.
    if k.pte_protnone(pte):
        return False

    # Soft-dirty tracking and userfaultfd-wp need the write fault.
    if k.pte_needs_soft_dirty_wp(vma, pte):
        return False

    if k.userfaultfd_pte_wp(vma, pte):
        return False

    return True


def can_change_shared_pte_writable(k: Kernel, vma: Vma, pte: int) -> bool:
    if not maybe_change_pte_writable(k, vma, pte):
        return False

    k.VM_WARN_ON_ONCE(lambda: k.is_zero_pfn(k.pte_pfn(pte)) and k.pte_dirty(pte))

    # A clean entry may be one whose first store the file system still has to be told of.
    return k.pte_dirty(pte)


def mprotect_folio_pte_batch(k: Kernel, folio: Folio | None, ptep: int, pte: int, max_nr_ptes: int, flags: int) -> int:
    if not folio:
        return 1

    if not k.folio_test_large(folio):
        return 1

    nr, _ = k.folio_pte_batch_flags(folio, None, ptep, pte, max_nr_ptes, flags)
    return nr


# Puts nr_ptes entries back, from number idx of the batch on.
def prot_commit_flush_ptes(
    k: Kernel,
    vma: Vma,
    addr: int,
    ptep: int,
    oldpte: int,
    ptent: int,
    nr_ptes: int,
    idx: int,
    set_write: bool,
    tlb: MmuGather,
) -> None:
    addr += idx * PAGE_SIZE
    ptep += idx
    oldpte = k.pte_advance_pfn(oldpte, idx)
    ptent = k.pte_advance_pfn(ptent, idx)

    if set_write:
        ptent = k.pte_mkwrite(ptent, vma)

    k.modify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes)
    if k.pte_needs_flush(oldpte, ptent):
        k.tlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE)


# How many pages from start_idx on are like the first: AnonExclusive, or not.
def page_anon_exclusive_sub_batch(
    k: Kernel, start_idx: int, max_len: int, first_page: int, expected_anon_exclusive: bool
) -> int:
    idx = start_idx + 1
    while idx < start_idx + max_len:
        if expected_anon_exclusive != k.PageAnonExclusive(first_page + idx):
            break
        idx += 1
    return idx - start_idx


# Pages of one batch can differ in AnonExclusive, so each is asked.
def commit_anon_folio_batch(
    k: Kernel,
    vma: Vma,
    folio: Folio,
    first_page: int,
    addr: int,
    ptep: int,
    oldpte: int,
    ptent: int,
    nr_ptes: int,
    tlb: MmuGather,
) -> None:
    sub_batch_idx = 0

    while nr_ptes:
        expected_anon_exclusive = k.PageAnonExclusive(first_page + sub_batch_idx)
        len_ = page_anon_exclusive_sub_batch(k, sub_batch_idx, nr_ptes, first_page, expected_anon_exclusive)
        prot_commit_flush_ptes(k, vma, addr, ptep, oldpte, ptent, len_, sub_batch_idx, expected_anon_exclusive, tlb)
        sub_batch_idx += len_
        nr_ptes -= len_


def set_write_prot_commit_flush_ptes(
    k: Kernel,
    vma: Vma,
    folio: Folio | None,
    page: int | None,
    addr: int,
    ptep: int,
    oldpte: int,
    ptent: int,
    nr_ptes: int,
    tlb: MmuGather,
) -> None:
    if vma.shared:
        set_write = can_change_shared_pte_writable(k, vma, ptent)
        prot_commit_flush_ptes(k, vma, addr, ptep, oldpte, ptent, nr_ptes, 0, set_write, tlb)
        return

    set_write = maybe_change_pte_writable(k, vma, ptent) and folio is not None and k.folio_test_anon(folio)
    if not set_write:
        prot_commit_flush_ptes(k, vma, addr, ptep, oldpte, ptent, nr_ptes, 0, set_write, tlb)
        return
    assert folio is not None
    assert page is not None
    commit_anon_folio_batch(k, vma, folio, page, addr, ptep, oldpte, ptent, nr_ptes, tlb)


def change_softleaf_pte(k: Kernel, vma: Vma, addr: int, pte: int, oldpte: int, cp_flags: int) -> int:
    uffd_wp = bool(cp_flags & MM_CP_UFFD_WP)
    uffd_wp_resolve = bool(cp_flags & MM_CP_UFFD_WP_RESOLVE)
    entry = k.softleaf_from_pte(oldpte)

    if k.softleaf_is_migration_write(entry):
        folio = k.softleaf_to_folio(entry)

        # A protection check is difficult, so just disable write.
        if k.folio_test_anon(folio):
            entry = k.make_readable_exclusive_migration_entry(entry.offset)
        else:
            entry = k.make_readable_migration_entry(entry.offset)
        newpte = k.swp_entry_to_pte(*entry)
        if k.pte_swp_soft_dirty(oldpte):
            newpte = k.pte_swp_mksoft_dirty(newpte)
    elif k.softleaf_is_device_private_write(entry):
        # Soft-dirty is not kept, as in copy_nonpresent_pte().
        entry = k.make_readable_device_private_entry(entry.offset)
        newpte = k.swp_entry_to_pte(*entry)
        if k.pte_swp_uffd_wp(oldpte):
            newpte = k.pte_swp_mkuffd_wp(newpte)
    elif k.softleaf_is_marker(entry):
        # Any access fails anyway.
        if k.softleaf_is_poison_marker(entry) or k.softleaf_is_guard_marker(entry):
            return 0
        # A uffd-wp marker that is not wanted any more is dropped.
        if uffd_wp_resolve:
            k.pte_clear(vma.vm_mm, addr, pte)
            return 1
        return 0
    else:
        newpte = oldpte

    if uffd_wp:
        newpte = k.pte_swp_mkuffd_wp(newpte)
    elif uffd_wp_resolve:
        newpte = k.pte_swp_clear_uffd_wp(newpte)

    if not k.pte_same(oldpte, newpte):
        k.set_pte_at(vma.vm_mm, addr, pte, newpte)
        return 1
    return 0


def change_present_ptes(
    k: Kernel,
    tlb: MmuGather,
    vma: Vma,
    addr: int,
    ptep: int,
    nr_ptes: int,
    end: int,
    newprot: int,
    folio: Folio | None,
    page: int | None,
    cp_flags: int,
) -> None:
    uffd_wp_resolve = bool(cp_flags & MM_CP_UFFD_WP_RESOLVE)
    uffd_wp = bool(cp_flags & MM_CP_UFFD_WP)

    oldpte = k.modify_prot_start_ptes(vma, addr, ptep, nr_ptes)
    ptent = k.pte_modify(oldpte, newprot)

    if uffd_wp:
        ptent = k.pte_mkuffd_wp(ptent)
    elif uffd_wp_resolve:
        ptent = k.pte_clear_uffd_wp(ptent)

    # In shared mappings that want to be notified of stores, and in all private ones, an entry may be made writable by
    # hand, so that the first store takes no fault.
    if cp_flags & MM_CP_TRY_CHANGE_WRITABLE and not k.pte_write(ptent):
        set_write_prot_commit_flush_ptes(k, vma, folio, page, addr, ptep, oldpte, ptent, nr_ptes, tlb)
    else:
        prot_commit_flush_ptes(k, vma, addr, ptep, oldpte, ptent, nr_ptes, 0, False, tlb)


def change_pte_range(
    k: Kernel, tlb: MmuGather, vma: Vma, pmd: Pmd, addr: int, end: int, newprot: int, cp_flags: int
) -> int:
    pages = 0
    prot_numa = bool(cp_flags & MM_CP_PROT_NUMA)
    uffd_wp = bool(cp_flags & MM_CP_UFFD_WP)

    k.tlb_change_page_size(tlb, PAGE_SIZE)
    pte, ptl = k.pte_offset_map_lock(vma.vm_mm, pmd, addr)
    if not pte:
        return -EAGAIN

    if prot_numa:
        is_private_single_threaded = k.vma_is_single_threaded_private(vma)

    k.flush_tlb_batched_pending(vma.vm_mm)
    k.lazy_mmu_mode_enable()

    def step() -> None:
        nonlocal pte, addr
        pte += nr_ptes
        addr += nr_ptes * PAGE_SIZE

    for _ in k.for_loop(lambda: addr != end, step):
        nr_ptes = 1
        oldpte = k.ptep_get(pte)
        if k.pte_present(oldpte):
            flags = FPB_RESPECT_SOFT_DIRTY | FPB_RESPECT_WRITE
            max_nr_ptes = (end - addr) >> PAGE_SHIFT
            folio = None

            # Already in the desired state.
            if prot_numa and k.pte_protnone(oldpte):
                continue

            page = k.vm_normal_page(vma, addr, oldpte)
            if page is not None:
                folio = k.page_folio(page)

            # Pages that need no NUMA hint, or for which it would be in vain.
            if prot_numa and not k.folio_can_map_prot_numa(folio, vma, is_private_single_threaded):
                # How many are to be skipped.
                nr_ptes = mprotect_folio_pte_batch(k, folio, pte, oldpte, max_nr_ptes, 0)
                continue

            nr_ptes = mprotect_folio_pte_batch(k, folio, pte, oldpte, max_nr_ptes, flags)

            # Both branches make the same call: the compiler specializes the first one, for small folios.
            if nr_ptes == 1:
                change_present_ptes(k, tlb, vma, addr, pte, 1, end, newprot, folio, page, cp_flags)
            else:
                change_present_ptes(k, tlb, vma, addr, pte, nr_ptes, end, newprot, folio, page, cp_flags)

            pages += nr_ptes
        elif k.pte_none(oldpte):
            # Nobody but userfaultfd has to do with entries that are none.
            if not uffd_wp:
                continue

            if k.userfaultfd_wp_use_markers(vma):
                # The page or swap cache may hold the page all the same.
                k.set_pte_at(vma.vm_mm, addr, pte, k.make_pte_marker(PTE_MARKER_UFFD_WP))
                pages += 1
        else:
            pages += change_softleaf_pte(k, vma, addr, pte, oldpte, cp_flags)

    k.lazy_mmu_mode_disable()
    k.pte_unmap_unlock(pte - 1, ptl)
    return pages
