# SPDX-License-Identifier: GPL-2.0-only
"""The loop that asked whether an entry is dirty before it removed it: between the two, hardware may make it dirty.

mm/mremap.c at 5d1904204c99 ("mremap: fix race between mremap() and page cleanning"), before "mremap: move_ptes: check
pte dirty after its removal" (<ccf33e20-5126-15c5-a036-918d7a94344b@intel.com>); v4.9 has both. Found by Linus Torvalds
reading the fix.
Known to differ from before_flush_under_ptl: an entry that another CPU writes for the first time between check and
removal is not flushed under any lock, and page_mkclean() misses what is written through the old translation.
Left as in v6.16, so that a diff is the bug: signature, primitives, -EAGAIN, VM_WARN_ON_ONCE(), uffd-wp. The caller's
flush, for the whole of mremap() and all its page tables at once, is at the end here.
"""

from pte_review.models.config import PAGE_SIZE
from pte_review.models.machine.kernel import EAGAIN, SINGLE_DEPTH_NESTING, Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.move_ptes.call import PagetableMoveControl


def move_soft_dirty_pte(k: Kernel, pte: int) -> int:
    # Soft-dirty trackers in userspace shall see that the entry moved.
    if k.CONFIG_MEM_SOFT_DIRTY:
        if k.pte_present(pte):
            pte = k.pte_mksoft_dirty(pte)
        elif k.is_swap_pte(pte):
            pte = k.pte_swp_mksoft_dirty(pte)
    return pte


def move_ptes(k: Kernel, pmc: PagetableMoveControl, extent: int, old_pmd: Pmd, new_pmd: Pmd) -> int:
    vma = pmc.old
    need_clear_uffd_wp = k.vma_has_uffd_without_event_remap(vma)
    mm = vma.vm_mm
    force_flush = False
    need_flush = False
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
        old_ptep += 1
        old_addr += PAGE_SIZE
        new_ptep += 1
        new_addr += PAGE_SIZE

    for _ in k.for_loop(lambda: old_addr < old_end, step):
        k.VM_WARN_ON_ONCE(lambda: not k.pte_none(k.read(new_ptep)))

        if k.pte_none(k.ptep_get(old_ptep)):
            continue

        # Dirty: the TLB must be flushed with the old PTL held, which keeps page_mkclean() from missing a
        # write.
        old_pte = k.ptep_get(old_ptep)
        if k.pte_present(old_pte) and k.pte_dirty(old_pte):
            force_flush = True
        pte = k.ptep_get_and_clear(mm, old_addr, old_ptep)
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
            k.set_pte_at(mm, new_addr, new_ptep, pte)

    k.arch_leave_lazy_mmu_mode()
    if new_ptl != old_ptl:
        k.spin_unlock(new_ptl)
    k.pte_unmap(new_ptep - 1)
    if force_flush:
        k.flush_tlb_range(vma, old_end - len_, old_end)
    else:
        need_flush = True
    k.pte_unmap_unlock(old_ptep - 1, old_ptl)
    if pmc.need_rmap_locks:
        k.drop_rmap_locks(vma)

    # The caller, move_page_tables().
    if need_flush:
        k.flush_tlb_range(vma, old_end - len_, old_end)
    return 0
