/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * move_ptes() by batches, as models/move_ptes/history/v4_fixed.py has it. Written for the tests of pte-review; not the
 * kernel's text.
 */
#include <linux/mm.h>
#include <asm/tlb.h>

#include "internal.h"

/* Nothing of this is needed by move_ptes(). */
struct vma_remap_struct {
	unsigned long addr, old_len;
	struct no_such_list uf;
};

static pud_t *get_old_pud(struct mm_struct *mm, unsigned long addr)
{
	return no_such_walk(mm, addr);
}

static void take_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		i_mmap_lock_write(vma->vm_file->f_mapping);
	if (vma->anon_vma)
		anon_vma_lock_write(vma->anon_vma);
}

static void drop_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		anon_vma_unlock_write(vma->anon_vma);
	if (vma->vm_file)
		i_mmap_unlock_write(vma->vm_file->f_mapping);
}

static pte_t mark_moved(pte_t value)
{
#ifdef CONFIG_MEM_SOFT_DIRTY
	if (pte_present(value))
		return pte_mksoft_dirty(value);
	if (is_swap_pte(value))
		return pte_swp_mksoft_dirty(value);
#endif
	return value;
}

static int batch_length(struct vm_area_struct *vma, unsigned long where, pte_t *slot, pte_t value, int most)
{
	struct folio *folio;

	if (most == 1)
		return 1;

	/* No look at the folio where the entry itself says that it is alone. */
	if (pte_batch_hint(slot, value) == 1)
		return 1;

	folio = vm_normal_folio(vma, where, value);
	if (!folio || !folio_test_large(folio))
		return 1;
	return folio_pte_batch_flags(folio, NULL, slot, &value, most, FPB_RESPECT_WRITE);
}

static int move_ptes(struct pagetable_move_control *pmc,
		unsigned long extent, pmd_t *old_pmd, pmd_t *new_pmd)
{
	struct vm_area_struct *vma = pmc->old;
	bool drop_uffd_wp = vma_has_uffd_without_event_remap(vma);
	struct mm_struct *mm = vma->vm_mm;
	unsigned long from = pmc->old_addr, to = pmc->new_addr;
	const unsigned long end = from + extent, bytes = extent;
	spinlock_t *old_lock, *new_lock;
	pte_t *src, *dst;
	pte_t seen, pte;
	pmd_t unused;
	bool flush = false;
	int most, nr;
	int ret = 0;

	if (pmc->need_rmap_locks)
		take_rmap_locks(vma);

	src = pte_offset_map_lock(mm, old_pmd, from, &old_lock);
	if (!src) {
		ret = -EAGAIN;
		goto out;
	}
	dst = pte_offset_map_rw_nolock(mm, new_pmd, to, &unused, &new_lock);
	if (!dst) {
		pte_unmap_unlock(src, old_lock);
		ret = -EAGAIN;
		goto out;
	}
	if (new_lock != old_lock)
		spin_lock_nested(new_lock, SINGLE_DEPTH_NESTING);
	flush_tlb_batched_pending(vma->vm_mm);
	arch_enter_lazy_mmu_mode();

	for (; from < end; src += nr, from += nr * PAGE_SIZE, dst += nr, to += nr * PAGE_SIZE) {
		VM_WARN_ON_ONCE(!pte_none(*dst));

		nr = 1;
		most = (end - from) >> PAGE_SHIFT;
		seen = ptep_get(src);
		if (pte_none(seen))
			continue;

		if (pte_present(seen)) {
			nr = batch_length(vma, from, src, seen, most);
			flush = true;
		}
		pte = get_and_clear_full_ptes(mm, from, src, nr, 0);
		pte = move_pte(pte, from, to);
		pte = mark_moved(pte);

		if (drop_uffd_wp && pte_marker_uffd_wp(pte)) {
			pte_clear(mm, to, dst);
		} else {
			if (drop_uffd_wp) {
				if (pte_present(pte))
					pte = pte_clear_uffd_wp(pte);
				else if (is_swap_pte(pte))
					pte = pte_swp_clear_uffd_wp(pte);
			}
			set_ptes(mm, to, dst, pte, nr);
		}
	}

	arch_leave_lazy_mmu_mode();
	if (flush)
		flush_tlb_range(vma, end - bytes, end);
	if (new_lock != old_lock)
		spin_unlock(new_lock);
	pte_unmap(dst - 1);
	pte_unmap_unlock(src - 1, old_lock);
out:
	if (pmc->need_rmap_locks)
		drop_rmap_locks(vma);
	return ret;
}

static bool move_normal_pmd(struct pagetable_move_control *pmc, pmd_t *old_pmd, pmd_t *new_pmd)
{
	return no_such_move(pmc, old_pmd, new_pmd, move_ptes(pmc, PMD_SIZE, old_pmd, new_pmd));
}
