/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches of entries of one folio, as until v6.16: flags say what is ignored, and there are three results more. Written
 * for the tests of pte-review; not the kernel's text.
 */
typedef int __bitwise fpb_t;
#define FPB_IGNORE_DIRTY	((__force fpb_t)BIT(0))
#define FPB_IGNORE_SOFT_DIRTY	((__force fpb_t)BIT(1))

static inline pte_t bare(pte_t value, fpb_t flags)
{
	if (flags & FPB_IGNORE_DIRTY)
		value = pte_mkclean(value);
	if (flags & FPB_IGNORE_SOFT_DIRTY)
		value = pte_clear_soft_dirty(value);
	return pte_wrprotect(pte_mkold(value));
}

static inline int folio_pte_batch(struct folio *folio, unsigned long addr,
		pte_t *start_ptep, pte_t pte, int max_nr, fpb_t flags,
		bool *any_writable, bool *any_young, bool *any_dirty)
{
	const pte_t *stop;
	pte_t *slot = start_ptep, like, one;
	long room = folio_pfn(folio) + folio_nr_pages(folio) - pte_pfn(pte);
	int step;

	if (any_writable)
		*any_writable = false;
	if (any_young)
		*any_young = false;
	if (any_dirty)
		*any_dirty = false;

	if (room < max_nr)
		max_nr = room;
	stop = start_ptep + max_nr;
	step = pte_batch_hint(slot, pte);
	like = bare(pte_advance_pfn(pte, step), flags);
	for (slot += step; slot < stop; slot += step) {
		one = ptep_get(slot);
		if (any_writable)
			*any_writable |= !!pte_write(one);
		if (!pte_same(bare(one, flags), like))
			break;
		if (any_young)
			*any_young |= !!pte_young(one);
		if (any_dirty)
			*any_dirty |= !!pte_dirty(one);
		step = pte_batch_hint(slot, bare(one, flags));
		like = pte_advance_pfn(like, step);
	}
	return min_t(long, slot - start_ptep, max_nr);
}
