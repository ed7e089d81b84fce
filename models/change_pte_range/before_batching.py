# SPDX-License-Identifier: GPL-2.0-only
"""The loop before the series: one entry at a time; v6.15 and v6.16.

Base of "[PATCH v5 0/7] Optimize mprotect() for large folios" (20250718090244.21092-1-dev.jain@arm.com).
v6.13 and v6.14 differ in device-exclusive entries, which are one type here.
"""

from pte_review.models.arch.word import PTE_MARKER_UFFD_WP
from pte_review.models.change_pte_range.call import (
    MM_CP_PROT_NUMA,
    MM_CP_TRY_CHANGE_WRITABLE,
    MM_CP_UFFD_WP,
    MM_CP_UFFD_WP_RESOLVE,
)
from pte_review.models.config import PAGE_SIZE
from pte_review.models.machine.gather import MmuGather
from pte_review.models.machine.kernel import EAGAIN, Kernel
from pte_review.models.machine.numa import NUMA_BALANCING_NORMAL, NUMA_NO_NODE
from pte_review.models.machine.state import Pmd
from pte_review.models.vma import Vma


def can_change_pte_writable(k: Kernel, vma: Vma, addr: int, pte: int) -> bool:
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

    if not vma.shared:
        # Exclusive anonymous pages only: the write fault would do nothing else for them.
        page = k.vm_normal_page(vma, addr, pte)
        return page is not None and k.PageAnon(page) and k.PageAnonExclusive(page)

    k.VM_WARN_ON_ONCE(lambda: k.is_zero_pfn(k.pte_pfn(pte)) and k.pte_dirty(pte))

    # A clean entry may be one whose first store the file system still has to be told of.
    return k.pte_dirty(pte)


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
        pte += 1
        addr += PAGE_SIZE

    for _ in k.for_loop(lambda: addr != end, step):
        oldpte = k.ptep_get(pte)
        if k.pte_present(oldpte):
            # Pages that need no NUMA hint, or for which it would be in vain.
            if prot_numa:
                # Avoid a TLB flush if possible.
                if k.pte_protnone(oldpte):
                    continue

                folio = k.vm_normal_folio(vma, addr, oldpte)
                if not folio or k.folio_is_zone_device(folio) or k.folio_test_ksm(folio):
                    continue

                # Also skip shared copy-on-write pages.
                if k.is_cow_mapping(vma) and (k.folio_maybe_dma_pinned(folio) or k.folio_maybe_mapped_shared(folio)):
                    continue

                # Migration cannot move all dirty file pages.
                if k.folio_is_file_lru(folio) and k.folio_test_dirty(folio):
                    continue

                # The page is on the node that a single-threaded process runs on.
                nid = k.folio_nid(folio)
                if target_node == nid:
                    continue
                toptier = k.node_is_toptier(nid)

                # Top-tier nodes are not scanned without normal NUMA balancing.
                if not (k.sysctl_numa_balancing_mode & NUMA_BALANCING_NORMAL) and toptier:
                    continue
                k.folio_use_access_time(folio)

            oldpte = k.ptep_modify_prot_start(vma, addr, pte)
            ptent = k.pte_modify(oldpte, newprot)

            if uffd_wp:
                ptent = k.pte_mkuffd_wp(ptent)
            elif uffd_wp_resolve:
                ptent = k.pte_clear_uffd_wp(ptent)

            # In shared mappings that want to be notified of stores, and in all private ones, an entry may be made
            # writable by hand, so that the first store takes no fault.
            if (
                cp_flags & MM_CP_TRY_CHANGE_WRITABLE
                and not k.pte_write(ptent)
                and can_change_pte_writable(k, vma, addr, ptent)
            ):
                ptent = k.pte_mkwrite(ptent, vma)

            k.ptep_modify_prot_commit(vma, addr, pte, oldpte, ptent)
            if k.pte_needs_flush(oldpte, ptent):
                k.tlb_flush_pte_range(tlb, addr, PAGE_SIZE)
            pages += 1
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
