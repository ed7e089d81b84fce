# SPDX-License-Identifier: GPL-2.0-only
"""The series as merged: batches, with AnonExclusive tested from the folio's head page on; 6.17-rc1.

commit cac1db8c3aad ("mm: optimize mprotect() by PTE batching"), in 6.17-rc1 alone; that is v5 of the series, patch 6
(20250718090244.21092-7-dev.jain@arm.com). commit_anon_folio_batch() begins at page 0 of the folio, so AnonExclusive of
the wrong pages decides where a batch begins inside the folio. Found by syzbot 57bcc752f0df8bb1365c and by reading;
fixed by cf1b80dc31a1 in 6.17-rc2.
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
from pte_review.models.machine.numa import NUMA_BALANCING_NORMAL, NUMA_NO_NODE
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


def prot_numa_skip(
    k: Kernel, vma: Vma, addr: int, oldpte: int, pte: int, target_node: int
) -> tuple[bool, Folio | None]:
    # Avoid a TLB flush if possible.
    if k.pte_protnone(oldpte):
        return True, None

    folio = k.vm_normal_folio(vma, addr, oldpte)
    if not folio:
        return True, folio

    if k.folio_is_zone_device(folio) or k.folio_test_ksm(folio):
        return True, folio

    # Also skip shared copy-on-write pages.
    if k.is_cow_mapping(vma) and (k.folio_maybe_dma_pinned(folio) or k.folio_maybe_mapped_shared(folio)):
        return True, folio

    # Migration cannot move all dirty file pages.
    if k.folio_is_file_lru(folio) and k.folio_test_dirty(folio):
        return True, folio

    # The page is on the node that a single-threaded process runs on.
    nid = k.folio_nid(folio)
    if target_node == nid:
        return True, folio

    toptier = k.node_is_toptier(nid)

    # Top-tier nodes are not scanned without normal NUMA balancing.
    if not (k.sysctl_numa_balancing_mode & NUMA_BALANCING_NORMAL) and toptier:
        return True, folio

    k.folio_use_access_time(folio)
    return False, folio


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
    addr: int,
    ptep: int,
    oldpte: int,
    ptent: int,
    nr_ptes: int,
    tlb: MmuGather,
) -> None:
    first_page = k.folio_page(folio, 0)
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
    commit_anon_folio_batch(k, vma, folio, addr, ptep, oldpte, ptent, nr_ptes, tlb)


def change_pte_range(
    k: Kernel, tlb: MmuGather, vma: Vma, pmd: Pmd, addr: int, end: int, newprot: int, cp_flags: int
) -> int:
    pages = 0
    target_node = NUMA_NO_NODE
    prot_numa = bool(cp_flags & MM_CP_PROT_NUMA)
    uffd_wp = bool(cp_flags & MM_CP_UFFD_WP)
    uffd_wp_resolve = bool(cp_flags & MM_CP_UFFD_WP_RESOLVE)

    k.tlb_change_page_size(tlb, PAGE_SIZE)
    pte, ptl = k.pte_offset_map_lock(vma.vm_mm, pmd, addr)
    if not pte:
        return -EAGAIN

    # The node that a single-threaded process with a private mapping runs on.
    if prot_numa and not vma.shared and k.mm_users(vma.vm_mm) == 1:
        target_node = k.numa_node_id()

    k.flush_tlb_batched_pending(vma.vm_mm)
    k.arch_enter_lazy_mmu_mode()

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

            # Pages that need no NUMA hint, or for which it would be in vain.
            if prot_numa:
                ret, folio = prot_numa_skip(k, vma, addr, oldpte, pte, target_node)
                if ret:
                    # How many are to be skipped.
                    nr_ptes = mprotect_folio_pte_batch(k, folio, pte, oldpte, max_nr_ptes, 0)
                    continue

            if not folio:
                folio = k.vm_normal_folio(vma, addr, oldpte)

            nr_ptes = mprotect_folio_pte_batch(k, folio, pte, oldpte, max_nr_ptes, flags)

            oldpte = k.modify_prot_start_ptes(vma, addr, pte, nr_ptes)
            ptent = k.pte_modify(oldpte, newprot)

            if uffd_wp:
                ptent = k.pte_mkuffd_wp(ptent)
            elif uffd_wp_resolve:
                ptent = k.pte_clear_uffd_wp(ptent)

            # In shared mappings that want to be notified of stores, and in all private ones, an entry may be made
            # writable by hand, so that the first store takes no fault.
            if cp_flags & MM_CP_TRY_CHANGE_WRITABLE and not k.pte_write(ptent):
                set_write_prot_commit_flush_ptes(k, vma, folio, addr, pte, oldpte, ptent, nr_ptes, tlb)
            else:
                prot_commit_flush_ptes(k, vma, addr, pte, oldpte, ptent, nr_ptes, 0, False, tlb)
            pages += nr_ptes
        elif k.is_swap_pte(oldpte):
            entry = k.pte_to_swp_entry(oldpte)

            if k.is_writable_migration_entry(entry):
                folio = k.pfn_swap_entry_folio(entry)

                # A protection check is difficult, so just disable write.
                if k.folio_test_anon(folio):
                    entry = k.make_readable_exclusive_migration_entry(entry.offset)
                else:
                    entry = k.make_readable_migration_entry(entry.offset)
                newpte = k.swp_entry_to_pte(*entry)
                if k.pte_swp_soft_dirty(oldpte):
                    newpte = k.pte_swp_mksoft_dirty(newpte)
            elif k.is_writable_device_private_entry(entry):
                # Soft-dirty is not kept, as in copy_nonpresent_pte().
                entry = k.make_readable_device_private_entry(entry.offset)
                newpte = k.swp_entry_to_pte(*entry)
                if k.pte_swp_uffd_wp(oldpte):
                    newpte = k.pte_swp_mkuffd_wp(newpte)
            elif k.is_pte_marker_entry(entry):
                # Any access fails anyway.
                if k.is_poisoned_swp_entry(entry) or k.is_guard_swp_entry(entry):
                    continue
                # A uffd-wp marker that is not wanted any more is dropped.
                if uffd_wp_resolve:
                    k.pte_clear(vma.vm_mm, addr, pte)
                    pages += 1
                continue
            else:
                newpte = oldpte

            if uffd_wp:
                newpte = k.pte_swp_mkuffd_wp(newpte)
            elif uffd_wp_resolve:
                newpte = k.pte_swp_clear_uffd_wp(newpte)

            if not k.pte_same(oldpte, newpte):
                k.set_pte_at(vma.vm_mm, addr, pte, newpte)
                pages += 1
        else:
            k.WARN_ON_ONCE(not k.pte_none(oldpte))

            # Nobody but userfaultfd has to do with entries that are none.
            if not uffd_wp:
                continue

            if k.userfaultfd_wp_use_markers(vma):
                # The page or swap cache may hold the page all the same.
                k.set_pte_at(vma.vm_mm, addr, pte, k.make_pte_marker(PTE_MARKER_UFFD_WP))
                pages += 1

    k.arch_leave_lazy_mmu_mode()
    k.pte_unmap_unlock(pte - 1, ptl)
    return pages
