# SPDX-License-Identifier: GPL-2.0-only
"""Wrong: the last entry of the range is left out."""

from pte_review.models.config import PAGE_SIZE


def wrprotect_range(k, vma, pmd, addr, end):
    mm = vma.vm_mm
    start = addr
    ptep, ptl = k.pte_offset_map_lock(mm, pmd, addr)

    def step():
        nonlocal ptep, addr
        ptep += 1
        addr += PAGE_SIZE

    for _ in k.for_loop(lambda: addr < end - PAGE_SIZE, step):
        if not k.pte_present(k.ptep_get(ptep)):
            continue
        pte = k.ptep_get_and_clear(mm, addr, ptep)
        k.set_pte_at(mm, addr, ptep, k.pte_wrprotect(pte))

    k.flush_tlb_range(vma, start, end)
    k.pte_unmap_unlock(ptep, ptl)
    return 0
