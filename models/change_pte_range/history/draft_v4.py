# SPDX-License-Identifier: GPL-2.0-only
"""v4 of the series: tests AnonExclusive on page 0 of the folio, and batches ignore write permission; not merged.

"[PATCH v4 3/4] mm: Optimize mprotect() by PTE-batching" (20250628113435.46678-4-dev.jain@arm.com), June 2025, with the
NUMA test of v5. pte_modify() keeps write permission on shadow stacks, so there all entries get the first one's.
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

TRI_FALSE, TRI_TRUE, TRI_MAYBE = 0, 1, -1


# TRI_MAYBE: the folio is anonymous, and each page has to be asked whether it is AnonExclusive.
def maybe_change_pte_writable(k: Kernel, vma: Vma, addr: int, pte: int, folio: Folio | None) -> int:
    if k.WARN_ON_ONCE(not vma.write):
        return TRI_FALSE

    # Entries that are not even readable stay as they are.
    if k.pte_protnone(pte):
        return TRI_FALSE

    # Soft-dirty tracking and userfaultfd-wp need the write fault.
    if k.pte_needs_soft_dirty_wp(vma, pte):
        return TRI_FALSE

    if k.userfaultfd_pte_wp(vma, pte):
        return TRI_FALSE

    if not vma.shared:
        return TRI_MAYBE if not folio or k.folio_test_anon(folio) else TRI_FALSE

    k.VM_WARN_ON_ONCE(lambda: k.is_zero_pfn(k.pte_pfn(pte)) and k.pte_dirty(pte))

    # A clean entry may be one whose first store the file system still has to be told of.
    return TRI_TRUE if k.pte_dirty(pte) else TRI_FALSE


# How many pages from page pgidx of the folio on are AnonExclusive, or are not; and which.
def anon_exclusive_batch(k: Kernel, folio: Folio | None, pgidx: int, max_nr: int) -> tuple[int, bool]:
    nr = 1
    if not folio:
        return nr, False

    page = k.folio_page(folio, pgidx)
    pgidx += 1
    exclusive = k.PageAnonExclusive(page)
    while nr < max_nr:
        page = k.folio_page(folio, pgidx)
        pgidx += 1
        if exclusive != k.PageAnonExclusive(page):
            break
        nr += 1

    return nr, exclusive


def mprotect_folio_pte_batch(
    k: Kernel, folio: Folio | None, addr: int, ptep: int, pte: int, max_nr_ptes: int, switch_off_flags: int
) -> int:
    flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY

    flags &= ~switch_off_flags

    if not folio or not k.folio_test_large(folio):
        return 1

    return k.folio_pte_batch(folio, addr, ptep, pte, max_nr_ptes, flags)


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

    for _ in k.for_loop(lambda: addr != end, step):  # noqa: B023  # evaluated before the body changes addr again
        nr_ptes = 1
        oldpte = k.ptep_get(pte)
        if k.pte_present(oldpte):
            max_nr_ptes = (end - addr) >> PAGE_SHIFT
            folio = None

            # Pages that need no NUMA hint, or for which it would be in vain.
            if prot_numa:
                ret, folio = prot_numa_skip(k, vma, addr, oldpte, pte, target_node)
                if ret:
                    # How many are to be skipped.
                    nr_ptes = mprotect_folio_pte_batch(k, folio, addr, pte, oldpte, max_nr_ptes, 0)
                    continue

            if not folio:
                folio = k.vm_normal_folio(vma, addr, oldpte)

            nr_ptes = mprotect_folio_pte_batch(k, folio, addr, pte, oldpte, max_nr_ptes, FPB_IGNORE_SOFT_DIRTY)
            oldpte = k.modify_prot_start_ptes(vma, addr, pte, nr_ptes)
            ptent = k.pte_modify(oldpte, newprot)

            if uffd_wp:
                ptent = k.pte_mkuffd_wp(ptent)
            elif uffd_wp_resolve:
                ptent = k.pte_clear_uffd_wp(ptent)

            # In shared mappings that want to be notified of stores, and in all private ones, an entry may be made
            # writable by hand, so that the first store takes no fault.
            set_write = int(bool(cp_flags & MM_CP_TRY_CHANGE_WRITABLE) and not k.pte_write(ptent))
            if set_write:
                set_write = maybe_change_pte_writable(k, vma, addr, ptent, folio)

            pgidx = 0
            while nr_ptes:
                if set_write == TRI_MAYBE:
                    sub_nr_ptes, sub_set_write = anon_exclusive_batch(k, folio, pgidx, nr_ptes)
                else:
                    sub_nr_ptes = nr_ptes
                    sub_set_write = set_write == TRI_TRUE

                newpte = k.pte_mkwrite(ptent, vma) if sub_set_write else ptent

                k.modify_prot_commit_ptes(vma, addr, pte, oldpte, newpte, sub_nr_ptes)
                if k.pte_needs_flush(oldpte, newpte):
                    k.tlb_flush_pte_range(tlb, addr, sub_nr_ptes * PAGE_SIZE)

                addr += sub_nr_ptes * PAGE_SIZE
                pte += sub_nr_ptes
                oldpte = k.pte_advance_pfn(oldpte, sub_nr_ptes)
                ptent = k.pte_advance_pfn(ptent, sub_nr_ptes)
                nr_ptes -= sub_nr_ptes
                pages += sub_nr_ptes
                pgidx += sub_nr_ptes
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
