/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches of entries of one folio, as since v6.17: flags say what ends a batch. Written for the tests of pte-review after
 * models/machine/folios.py; not the kernel's text.
 */
#ifndef TEST_MM_INTERNAL_H
#define TEST_MM_INTERNAL_H

struct pagetable_move_control {
	struct vm_area_struct *old;	/* moved from */
	struct vm_area_struct *new;
	unsigned long old_addr, old_end;
	unsigned long new_addr;
	unsigned long len_in;
	bool need_rmap_locks, for_stack;
};

typedef int __bitwise fpb_t;

enum {
	TEST_DIRTY = BIT(0),
	TEST_SOFT_DIRTY = BIT(1),
};
#define FPB_RESPECT_DIRTY	((__force fpb_t)TEST_DIRTY)
#define FPB_RESPECT_SOFT_DIRTY	((__force fpb_t)TEST_SOFT_DIRTY)
#define FPB_RESPECT_WRITE	((__force fpb_t)BIT(2))
#define FPB_MERGE_WRITE		((__force fpb_t)BIT(3))
#define FPB_MERGE_YOUNG_DIRTY	((__force fpb_t)BIT(4))

static inline pte_t without_ignored(pte_t value, fpb_t flags)
{
	value = flags & FPB_RESPECT_DIRTY ? value : pte_mkclean(value);
	value = flags & FPB_RESPECT_SOFT_DIRTY ? value : pte_clear_soft_dirty(value);
	if (!(flags & FPB_RESPECT_WRITE))
		value = pte_wrprotect(value);
	return pte_mkold(value);
}

static inline unsigned int folio_pte_batch_flags(struct folio *folio, struct vm_area_struct *vma, pte_t *ptep,
		pte_t *ptentp, unsigned int max_nr, fpb_t flags)
{
	bool writable = false, young = false, dirty = false;
	unsigned long room = folio_pfn(folio) + folio_nr_pages(folio) - pte_pfn(*ptentp);
	unsigned int found, step;
	pte_t like;

	VM_WARN_ON_FOLIO(!pte_present(*ptentp), folio);
	VM_WARN_ON_FOLIO(!folio_test_large(folio) || max_nr < 1, folio);

	max_nr = min_t(unsigned long, max_nr, room);
	found = pte_batch_hint(ptep, *ptentp);
	like = without_ignored(pte_advance_pfn(*ptentp, found), flags);
	while (found < max_nr) {
		pte_t one = ptep_get(ptep + found), bare = without_ignored(one, flags);

		if (!pte_same(bare, like))
			break;
		writable |= pte_write(one);
		young |= pte_young(one);
		dirty |= pte_dirty(one);
		step = pte_batch_hint(ptep + found, bare);
		like = pte_advance_pfn(like, step);
		found += step;
	}
	if ((flags & FPB_MERGE_WRITE) && writable)
		*ptentp = pte_mkwrite(*ptentp, vma);
	if ((flags & FPB_MERGE_YOUNG_DIRTY) && young)
		*ptentp = pte_mkyoung(*ptentp);
	if ((flags & FPB_MERGE_YOUNG_DIRTY) && dirty)
		*ptentp = pte_mkdirty(*ptentp);
	return min(found, max_nr);
}

unsigned int folio_pte_batch(struct folio *folio, pte_t *ptep, pte_t pte, unsigned int max_nr);

#endif
