# SPDX-License-Identifier: GPL-2.0-only
"""v3 of the series: tests AnonExclusive on the right pages, but batches ignore write permission; not merged.

"[PATCH v3 3/5] mm: Optimize mprotect() by PTE batching" (20250519074824.42909-4-dev.jain@arm.com) on patch 1, May 2025;
the primitives are v6.17's. pte_needs_flush() looks at the first entry of a batch alone, so nothing is flushed where the
first is read-only and another one was writable. On shadow stacks all entries get the first one's write permission.
"""

from pte_review.models.arch.word import PTE_MARKER_UFFD_WP
from pte_review.models.change_pte_range.call import (
    MM_CP_PROT_NUMA,
    MM_CP_TRY_CHANGE_WRITABLE,
    MM_CP_UFFD_WP,
    MM_CP_UFFD_WP_RESOLVE,
)
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.machine.folios import FPB_IGNORE_DIRTY, FPB_IGNORE_SOFT_DIRTY
from pte_review.models.machine.gather import MmuGather
from pte_review.models.machine.kernel import EAGAIN, Kernel
from pte_review.models.machine.numa import NUMA_BALANCING_NORMAL, NUMA_NO_NODE
from pte_review.models.machine.state import Pmd
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma


# Whether a page may be written, and for how many of max_len pages that holds.
def can_change_ptes_writable(k: Kernel, vma: Vma, addr: int, pte: int, max_len: int) -> tuple[bool, int]:
    if k.WARN_ON_ONCE(not vma.write):
        return False, max_len

    # Entries that are not even readable stay as they are.
    if k.pte_protnone(pte):
        return False, max_len

    # Soft-dirty tracking and userfaultfd-wp need the write fault.
    if k.pte_needs_soft_dirty_wp(vma, pte):
        return False, max_len

    if k.userfaultfd_pte_wp(vma, pte):
        return False, max_len

    if not vma.shared:
        # Exclusive anonymous pages only: the write fault would do nothing else for them.
        page = k.vm_normal_page(vma, addr, pte)
        ret = page is not None and k.PageAnon(page) and k.PageAnonExclusive(page)

        # How many pages from the first on are AnonExclusive, or are not.
        i = 1
        while i < max_len:
            assert page is not None
            page += 1
            temp_ret = k.PageAnon(page) and k.PageAnonExclusive(page)
            if temp_ret != ret:
                break
            i += 1
        return ret, i

    k.VM_WARN_ON_ONCE(lambda: k.is_zero_pfn(k.pte_pfn(pte)) and k.pte_dirty(pte))

    # A clean entry may be one whose first store the file system still has to be told of.
    return k.pte_dirty(pte), max_len


def mprotect_batch(
    k: Kernel, folio: Folio | None, addr: int, ptep: int, pte: int, max_nr_ptes: int, ignore_soft_dirty: bool
) -> int:
    flags = FPB_IGNORE_DIRTY

    if ignore_soft_dirty:
        flags |= FPB_IGNORE_SOFT_DIRTY

    if not folio or not k.folio_test_large(folio) or max_nr_ptes == 1:
        return 1

    return k.folio_pte_batch(folio, addr, ptep, pte, max_nr_ptes, flags)


# Puts back those entries from number sub_batch_idx of the batch on that may be writable, or those that may not.
def modify_sub_batch(
    k: Kernel,
    vma: Vma,
    tlb: MmuGather,
    addr: int,
    ptep: int,
    oldpte: int,
    ptent: int,
    max_len: int,
    sub_batch_idx: int,
) -> int:
    new_addr = addr + sub_batch_idx * PAGE_SIZE
    new_oldpte = k.pte_advance_pfn(oldpte, sub_batch_idx)
    new_ptent = k.pte_advance_pfn(ptent, sub_batch_idx)
    new_ptep = ptep + sub_batch_idx

    writable, len_ = can_change_ptes_writable(k, vma, new_addr, new_ptent, max_len)
    if writable:
        new_ptent = k.pte_mkwrite(new_ptent, vma)

    k.modify_prot_commit_ptes(vma, new_addr, new_ptep, new_oldpte, new_ptent, len_)
    if k.pte_needs_flush(new_oldpte, new_ptent):
        k.tlb_flush_pte_range(tlb, new_addr, len_ * PAGE_SIZE)
    return len_


# The conditions of the C's skip_batch label.
def prot_numa_skip(k: Kernel, vma: Vma, folio: Folio, target_node: int) -> bool:
    if k.folio_is_zone_device(folio) or k.folio_test_ksm(folio):
        return True

    # Also skip shared copy-on-write pages.
    if k.is_cow_mapping(vma) and (k.folio_maybe_dma_pinned(folio) or k.folio_maybe_mapped_shared(folio)):
        return True

    # Migration cannot move all dirty file pages.
    if k.folio_is_file_lru(folio) and k.folio_test_dirty(folio):
        return True

    # The page is on the node that a single-threaded process runs on.
    nid = k.folio_nid(folio)
    if target_node == nid:
        return True
    toptier = k.node_is_toptier(nid)

    # Top-tier nodes are not scanned without normal NUMA balancing.
    if not (k.sysctl_numa_balancing_mode & NUMA_BALANCING_NORMAL) and toptier:
        return True
    return False


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
        sub_batch_idx = 0
        nr_ptes = 1
        oldpte = k.ptep_get(pte)
        if k.pte_present(oldpte):
            max_nr_ptes = (end - addr) >> PAGE_SHIFT
            folio = None

            # Pages that need no NUMA hint, or for which it would be in vain.
            if prot_numa:
                # Avoid a TLB flush if possible.
                if k.pte_protnone(oldpte):
                    continue

                folio = k.vm_normal_folio(vma, addr, oldpte)
                if not folio:
                    continue

                if prot_numa_skip(k, vma, folio, target_node):
                    nr_ptes = mprotect_batch(k, folio, addr, pte, oldpte, max_nr_ptes, True)
                    continue
                k.folio_use_access_time(folio)

            if not folio:
                folio = k.vm_normal_folio(vma, addr, oldpte)

            nr_ptes = mprotect_batch(k, folio, addr, pte, oldpte, max_nr_ptes, False)
            oldpte = k.modify_prot_start_ptes(vma, addr, pte, nr_ptes)
            ptent = k.pte_modify(oldpte, newprot)

            if uffd_wp:
                ptent = k.pte_mkuffd_wp(ptent)
            elif uffd_wp_resolve:
                ptent = k.pte_clear_uffd_wp(ptent)

            # In shared mappings that want to be notified of stores, and in all private ones, an entry may be made
            # writable by hand, so that the first store takes no fault.
            if cp_flags & MM_CP_TRY_CHANGE_WRITABLE:
                max_len = nr_ptes
                while sub_batch_idx < nr_ptes:
                    len_ = modify_sub_batch(k, vma, tlb, addr, pte, oldpte, ptent, max_len, sub_batch_idx)
                    sub_batch_idx += len_
                    max_len -= len_
            else:
                k.modify_prot_commit_ptes(vma, addr, pte, oldpte, ptent, nr_ptes)
                if k.pte_needs_flush(oldpte, ptent):
                    k.tlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE)
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
