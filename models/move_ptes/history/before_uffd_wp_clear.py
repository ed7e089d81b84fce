# SPDX-License-Identifier: GPL-2.0-only
"""The loop before uffd-wp was cleared on the way: the new VMA is not registered, its entries still say uffd-wp.

mm/mremap.c before 0cef0bb836e3 ("mm: clear uffd-wp PTE/PMD state on mremap()"), CVE-2025-21696, fixed in v6.13.
Known to differ from pre_patch: where userfaultfd is not told of the move, the present bit, the swap bit and the marker
all move along; the kernel warned when the page was later made writable.
Left as in v6.16: the signature, the primitives and VM_WARN_ON_ONCE().
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
        old_ptep += 1
        old_addr += PAGE_SIZE
        new_ptep += 1
        new_addr += PAGE_SIZE

    for _ in k.for_loop(lambda: old_addr < old_end, step):
        k.VM_WARN_ON_ONCE(lambda: not k.pte_none(k.read(new_ptep)))

        if k.pte_none(k.ptep_get(old_ptep)):
            continue

        pte = k.ptep_get_and_clear(mm, old_addr, old_ptep)
        # Present: the TLB must be flushed with both PTLs held. The old one keeps folio_mkclean()
        # from missing a write, the new one keeps the page from being freed before the flush.
        if k.pte_present(pte):
            force_flush = True
        pte = k.move_pte(pte, old_addr, new_addr)
        pte = move_soft_dirty_pte(k, pte)
        k.set_pte_at(mm, new_addr, new_ptep, pte)

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
