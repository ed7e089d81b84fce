# SPDX-License-Identifier: GPL-2.0-only
"""[PATCH v2 2/2] mm: Optimize mremap() by PTE batching: the step keeps the size of the last batch.

<20250507060256.78278-3-dev.jain@arm.com>, 7 May 2025; never merged. Found in review by Lorenzo Stoakes
<fdb76016-396a-4ee4-9c9d-beb18c86cfdb@lucifer.local>, fixed in v3. The diff is as posted, on the loop of v6.16, whose
VM_WARN_ON_ONCE() (commit b36b701bbcd9) is younger than v2.
Known to differ: `nr` is set where the loop is entered and by present entries only. After a batch, a none entry steps
over as many entries as the batch had, which stay in the old table; a swap or marker entry takes as many along.
"""

from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.machine.folios import FPB_IGNORE_DIRTY, FPB_IGNORE_SOFT_DIRTY
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


def maybe_contiguous_pte_pfns(k: Kernel, ptep: int, pte: int) -> bool:
    if k.pte_batch_hint(ptep, pte) != 1:
        return True

    next_ptep = ptep + 1
    next_pte = k.ptep_get(next_ptep)
    if not k.pte_present(next_pte):
        return False

    return k.pte_pfn(next_pte) - k.pte_pfn(pte) == 1


def mremap_folio_pte_batch(k: Kernel, vma: Vma, addr: int, ptep: int, pte: int, max_nr: int) -> int:
    flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY
    nr = 1

    if max_nr != 1 and maybe_contiguous_pte_pfns(k, ptep, pte):
        folio = k.vm_normal_folio(vma, addr, pte)
        if folio and k.folio_test_large(folio):
            nr = k.folio_pte_batch(folio, addr, ptep, pte, max_nr, flags)
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

    nr = 1

    def step() -> None:
        nonlocal old_ptep, old_addr, new_ptep, new_addr
        old_ptep += nr
        old_addr += nr * PAGE_SIZE
        new_ptep += nr
        new_addr += nr * PAGE_SIZE

    for _ in k.for_loop(lambda: old_addr < old_end, step):
        k.VM_WARN_ON_ONCE(lambda: not k.pte_none(k.read(new_ptep)))

        max_nr = (old_end - old_addr) >> PAGE_SHIFT
        old_pte = k.ptep_get(old_ptep)
        if k.pte_none(old_pte):
            continue

        # Present: the TLB must be flushed with both PTLs held. The old one keeps folio_mkclean()
        # from missing a write, the new one keeps the page from being freed before the flush.
        if k.pte_present(old_pte):
            nr = mremap_folio_pte_batch(k, vma, old_addr, old_ptep, old_pte, max_nr)
            force_flush = True
        pte = k.get_and_clear_full_ptes(mm, old_addr, old_ptep, nr, 0)
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
            k.set_ptes(mm, new_addr, new_ptep, pte, nr)

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
