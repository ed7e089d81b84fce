# SPDX-License-Identifier: GPL-2.0-only
"""v4 with both fixes: the batch-hint check and respect for the write bit.

0b5be138ce00 (6.17-rc2) and 04d1c9d60c6e (v6.18, and 6.17-stable). Released in v6.18.
The release has get_and_clear_ptes() as well, which does the same as v4's call; kept here, so that a diff is the fixes.
"""

from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.machine.folios import FPB_RESPECT_WRITE
from pte_review.models.machine.kernel import EAGAIN, SINGLE_DEPTH_NESTING, Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.move_ptes.call import PagetableMoveControl
from pte_review.models.vma import Vma


def move_soft_dirty_pte(k: Kernel, pte: int) -> int:
    # Soft-dirty trackers in userspace shall see that the entry moved.
    if k.CONFIG_MEM_SOFT_DIRTY:
        if k.pte_present(pte):
            pte = k.pte_mksoft_dirty(pte)
        elif k.is_swap_pte(pte):
            pte = k.pte_swp_mksoft_dirty(pte)
    return pte


def mremap_folio_pte_batch(k: Kernel, vma: Vma, addr: int, ptep: int, pte: int, max_nr: int) -> int:
    if max_nr == 1:
        return 1

    # No folio look-up where the entry itself says that it is no batch: a cold struct page is expensive.
    if k.pte_batch_hint(ptep, pte) == 1:
        return 1

    folio = k.vm_normal_folio(vma, addr, pte)
    if not folio or not k.folio_test_large(folio):
        return 1

    nr, _ = k.folio_pte_batch_flags(folio, None, ptep, pte, max_nr, FPB_RESPECT_WRITE)
    return nr


def move_ptes(k: Kernel, pmc: PagetableMoveControl, extent: int, old_pmd: Pmd, new_pmd: Pmd) -> int:
    vma = pmc.old
    need_clear_uffd_wp = k.vma_has_uffd_without_event_remap(vma)
    mm = vma.vm_mm
    force_flush = False
    old_addr = pmc.old_addr
    new_addr = pmc.new_addr
    old_end = old_addr + extent
    len_ = old_end - old_addr

    if pmc.need_rmap_locks:
        k.take_rmap_locks(vma)

    old_ptep, old_ptl = k.pte_offset_map_lock(mm, old_pmd, old_addr)
    if not old_ptep:
        if pmc.need_rmap_locks:
            k.drop_rmap_locks(vma)
        return -EAGAIN
    new_ptep, _, new_ptl = k.pte_offset_map_rw_nolock(mm, new_pmd, new_addr)
    if not new_ptep:
        k.pte_unmap_unlock(old_ptep, old_ptl)
        if pmc.need_rmap_locks:
            k.drop_rmap_locks(vma)
        return -EAGAIN
    if new_ptl != old_ptl:
        k.spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING)
    k.flush_tlb_batched_pending(vma.vm_mm)
    k.arch_enter_lazy_mmu_mode()

    def step() -> None:
        nonlocal old_ptep, old_addr, new_ptep, new_addr
        old_ptep += nr_ptes
        old_addr += nr_ptes * PAGE_SIZE
        new_ptep += nr_ptes
        new_addr += nr_ptes * PAGE_SIZE

    for _ in k.for_loop(lambda: old_addr < old_end, step):
        k.VM_WARN_ON_ONCE(lambda: not k.pte_none(k.read(new_ptep)))

        nr_ptes = 1
        max_nr_ptes = (old_end - old_addr) >> PAGE_SHIFT
        old_pte = k.ptep_get(old_ptep)
        if k.pte_none(old_pte):
            continue

        # Present: the TLB must be flushed with both PTLs held. The old one keeps folio_mkclean()
        # from missing a write, the new one keeps the page from being freed before the flush.
        if k.pte_present(old_pte):
            nr_ptes = mremap_folio_pte_batch(k, vma, old_addr, old_ptep, old_pte, max_nr_ptes)
            force_flush = True
        pte = k.get_and_clear_full_ptes(mm, old_addr, old_ptep, nr_ptes, 0)
        pte = k.move_pte(pte, old_addr, new_addr)
        pte = move_soft_dirty_pte(k, pte)

        if need_clear_uffd_wp and k.pte_marker_uffd_wp(pte):
            k.pte_clear(mm, new_addr, new_ptep)
        else:
            if need_clear_uffd_wp:
                if k.pte_present(pte):
                    pte = k.pte_clear_uffd_wp(pte)
                elif k.is_swap_pte(pte):
                    pte = k.pte_swp_clear_uffd_wp(pte)
            k.set_ptes(mm, new_addr, new_ptep, pte, nr_ptes)

    k.arch_leave_lazy_mmu_mode()
    if force_flush:
        k.flush_tlb_range(vma, old_end - len_, old_end)
    if new_ptl != old_ptl:
        k.spin_unlock(new_ptl)
    k.pte_unmap(new_ptep - 1)
    k.pte_unmap_unlock(old_ptep - 1, old_ptl)
    if pmc.need_rmap_locks:
        k.drop_rmap_locks(vma)
    return 0
