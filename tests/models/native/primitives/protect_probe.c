// SPDX-License-Identifier: GPL-2.0-only
/*
 * modify_prot_start and commit on a whole range, in the place of a tree's mm/mprotect.c, so that the primitives are the
 * tree's. test_modify_prot.py has the same in Python, and puts a line in front that says whether it is one batch.
 */
static void probe_range(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pgprot_t newprot, unsigned int nr)
{
	pte_t old_pte;

	if (PROBE_BATCHED) {
		old_pte = modify_prot_start_ptes(vma, addr, ptep, nr);
		modify_prot_commit_ptes(vma, addr, ptep, old_pte, pte_modify(old_pte, newprot), nr);
		return;
	}
	for (; nr; nr--, ptep++, addr += PAGE_SIZE) {
		old_pte = ptep_modify_prot_start(vma, addr, ptep);
		ptep_modify_prot_commit(vma, addr, ptep, old_pte, pte_modify(old_pte, newprot));
	}
}

static long change_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr,
			     unsigned long end, pgprot_t newprot, unsigned long cp_flags)
{
	spinlock_t *ptl;
	pte_t *ptep = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);

	if (!ptep)
		return -EAGAIN;
	probe_range(vma, addr, ptep, newprot, (end - addr) >> PAGE_SHIFT);
	pte_unmap_unlock(ptep, ptl);
	return 0;
}
