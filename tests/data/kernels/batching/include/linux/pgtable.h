/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every architecture gets that has no version of its own. Written for the tests of pte-review after the rules that
 * models/machine follows; not the kernel's text.
 */
#ifndef TEST_PGTABLE_H
#define TEST_PGTABLE_H

#include <linux/mm_types.h>
#include <asm/pgtable.h>

#ifndef pte_batch_hint
/* How many entries from this one on are known to be alike without a look at them. */
static inline unsigned int pte_batch_hint(pte_t *entry, pte_t value)
{
	return 1;
}
#endif

#ifndef pte_advance_pfn
static inline pte_t pte_advance_pfn(pte_t value, unsigned long pages)
{
	return __pte(pte_val(value) + (pages << PFN_PTE_SHIFT));
}
#endif

#define pte_next_pfn(value) pte_advance_pfn(value, 1)

#ifndef set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot,
			    pte_t value, unsigned int count)
{
	page_table_check_ptes_set(mm, slot, value, count);
	do {
		set_pte(slot, value);
		slot++;
		value = pte_next_pfn(value);
	} while (--count);
}
#endif
#define set_pte_at(mm, where, slot, value) set_ptes(mm, where, slot, value, 1)

#ifndef ptep_get
static inline pte_t ptep_get(pte_t *slot)
{
	return READ_ONCE(*slot);
}
#endif

#ifndef __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long where, pte_t *slot)
{
	pte_t value = ptep_get(slot);

	pte_clear(mm, where, slot);
	page_table_check_pte_clear(mm, value);
	return value;
}
#endif

#ifndef __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long where, pte_t *slot, int full)
{
	return ptep_get_and_clear(mm, where, slot);
}
#endif

#ifndef get_and_clear_full_ptes
/* The first entry's value, dirty or young if any of the others was. */
static inline pte_t get_and_clear_full_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot,
					    unsigned int count, int full)
{
	pte_t all = ptep_get_and_clear_full(mm, where, slot, full), one;

	while (--count) {
		slot++;
		where += PAGE_SIZE;
		one = ptep_get_and_clear_full(mm, where, slot, full);
		if (pte_dirty(one))
			all = pte_mkdirty(all);
		if (pte_young(one))
			all = pte_mkyoung(all);
	}
	return all;
}
#endif

#ifndef get_and_clear_ptes
static inline pte_t get_and_clear_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, unsigned int count)
{
	return get_and_clear_full_ptes(mm, where, slot, count, 0);
}
#endif

/* Nothing that the tests need uses these two; they may name what nobody has. */
static inline int nobody_asks_for_this(struct no_such_thing *thing)
{
	return thing->is_not_there + no_such_function();
}

#if defined(CONFIG_NO_SUCH_OPTION) && \
	!defined(TEST_ANOTHER)
#define nobody_asks_for_that(x) no_such_macro(x)
#elif defined(TEST_ANOTHER)
#define nobody_asks_for_that(x) (x)
#else
#define nobody_asks_for_that(x) 0
#endif

#endif /* TEST_PGTABLE_H */
