// SPDX-License-Identifier: GPL-2.0-only
/*
 * One primitive, or a few in a row, called at places that the arguments name: in the place of a tree's mm/mremap.c, so
 * that the primitives are the tree's. probe.py has the same in Python. Bits 48-51 of old_addr say which (enum probe),
 * bits 52-56 are an argument of it; sources are the old range, destinations the new one.
 */
enum probe {
	PROBE_SET_EACH, PROBE_CLEAR_BATCH, PROBE_GET, PROBE_GET_AND_CLEAR, PROBE_CLEAR, PROBE_BATCH, PROBE_SET_BATCH,
	PROBE_HINT, PROBE_MOVE_BATCH, PROBE_REWRITE,
};

/* Bits of a present entry: what is set and what is cleared for an argument's bits 0 (CONT) and 1 (PROT_NONE). */
static pte_t probe_changed(pte_t pte, unsigned long argument)
{
	u64 value = pte_val(pte);

	if (argument & 1)
		value |= IS_ENABLED(CONFIG_ARM64) ? 1UL << 52 : 0;
	if (argument & 2)
		value = (value & ~1UL) | (IS_ENABLED(CONFIG_ARM64) ? 1UL << 11 : 1UL << 8);
	return __pte(value);
}

static u64 probe_sum(u64 sum, u64 value)
{
	return sum * 0x9e3779b97f4a7c15UL + value;
}

/* Every combination of flags, with the out-pointers NULL, the first given, the others given. Three bits each. */
static u64 probe_batch(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, int max_nr)
{
	pte_t pte = ptep_get(ptep);
	struct folio *folio = pte_present(pte) ? vm_normal_folio(vma, addr, pte) : NULL;
	u64 found = 0;

	if (!folio || !folio_test_large(folio))
		return 1;
	for (int i = 0; i < 4; i++) {
		fpb_t flags = (i & 1 ? FPB_IGNORE_DIRTY : 0) | (i & 2 ? FPB_IGNORE_SOFT_DIRTY : 0);
		bool writable, young, dirty;

		folio_pte_batch(folio, addr, ptep, pte, max_nr, flags, NULL, NULL, NULL);
		folio_pte_batch(folio, addr, ptep, pte, max_nr, flags, &writable, NULL, NULL);
		folio_pte_batch(folio, addr, ptep, pte, max_nr, flags, NULL, &young, &dirty);
		found = found << 3 | (writable && !pte_write(pte)) << 2 | (young && !pte_young(pte)) << 1 |
			(dirty && !pte_dirty(pte));
	}
	return found;
}

static u64 probe_move_batch(struct vm_area_struct *vma, unsigned long old_addr, pte_t *old_ptep, unsigned long new_addr,
			    pte_t *new_ptep, int max_nr)
{
	pte_t pte = ptep_get(old_ptep);
	struct folio *folio = pte_present(pte) ? vm_normal_folio(vma, old_addr, pte) : NULL;
	int nr = 1;

	if (folio && folio_test_large(folio))
		nr = folio_pte_batch(folio, old_addr, old_ptep, pte, max_nr, FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY,
				     NULL, NULL, NULL);
	pte = get_and_clear_full_ptes(vma->vm_mm, old_addr, old_ptep, nr, 0);
	set_ptes(vma->vm_mm, new_addr, new_ptep, pte, nr);
	return nr;
}

static u64 probe_each(struct mm_struct *mm, enum probe which, unsigned long argument, unsigned long old_addr,
		      pte_t *old_ptep, unsigned long new_addr, pte_t *new_ptep, unsigned long nr)
{
	u64 sum = 0;

	for (unsigned long i = 0; i < nr; i++) {
		unsigned long addr = old_addr + i * PAGE_SIZE;
		pte_t *ptep = old_ptep + i;

		if (which == PROBE_GET) {
			sum = probe_sum(sum, pte_val(ptep_get(ptep)));
		} else if (which == PROBE_GET_AND_CLEAR) {
			sum = probe_sum(sum, pte_val(ptep_get_and_clear(mm, addr, ptep)));
		} else if (which == PROBE_CLEAR) {
			pte_clear(mm, addr, ptep);
		} else if (which == PROBE_SET_EACH) {
			set_pte_at(mm, new_addr + i * PAGE_SIZE, new_ptep + i, probe_changed(ptep_get(ptep), argument));
		} else if (which == PROBE_HINT) {
			pte_t pte = ptep_get(ptep);

			sum = probe_sum(sum, pte_batch_hint(ptep, pte));
			sum = probe_sum(sum, pte_batch_hint(ptep, probe_changed(pte, argument)));
		} else {
			set_pte_at(mm, addr, ptep, ptep_get_and_clear(mm, addr, ptep));
		}
	}
	return sum;
}

static u64 probe_one(struct vm_area_struct *vma, unsigned long old_addr, pte_t *old_ptep, unsigned long new_addr,
		     pte_t *new_ptep, unsigned long nr)
{
	struct mm_struct *mm = vma->vm_mm;
	enum probe which = old_addr >> 48 & 15;
	unsigned long argument = old_addr >> 52;

	if (which == PROBE_BATCH)
		return probe_batch(vma, old_addr, old_ptep, nr);
	if (which == PROBE_MOVE_BATCH)
		return probe_move_batch(vma, old_addr, old_ptep, new_addr, new_ptep, nr);
	if (which == PROBE_CLEAR_BATCH)
		return pte_val(get_and_clear_full_ptes(mm, old_addr, old_ptep, nr, 0));
	if (which == PROBE_SET_BATCH) {
		set_ptes(mm, new_addr, new_ptep, probe_changed(ptep_get(old_ptep), argument), nr);
		return 0;
	}
	return probe_each(mm, which, argument, old_addr, old_ptep, new_addr, new_ptep, nr);
}

static long move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr, unsigned long old_end,
		      pmd_t *new_pmd, unsigned long new_addr)
{
	spinlock_t *old_ptl, *new_ptl;
	pte_t *old_ptep, *new_ptep;
	long result;

	old_ptep = pte_offset_map_lock(vma->vm_mm, old_pmd, old_addr, &old_ptl);
	if (!old_ptep)
		return -EAGAIN;
	new_ptep = pte_offset_map_nolock(vma->vm_mm, new_pmd, new_addr, &new_ptl);
	if (!new_ptep) {
		pte_unmap_unlock(old_ptep, old_ptl);
		return -EAGAIN;
	}
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	result = probe_one(vma, old_addr, old_ptep, new_addr, new_ptep, (old_end - old_addr) >> PAGE_SHIFT);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	pte_unmap(new_ptep);
	pte_unmap_unlock(old_ptep, old_ptl);
	return result;
}
