/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arm64's primitives, with and without contpte blocks. Written for the tests of pte-review after models/machine/contpte.py;
 * not the kernel's text.
 */
#ifndef TEST_ASM_PGTABLE_H
#define TEST_ASM_PGTABLE_H

static inline pte_t __ptep_get(pte_t *slot) { return READ_ONCE(*slot); }
static inline void __set_pte(pte_t *slot, pte_t value) { WRITE_ONCE(*slot, value); }
/* As an update of a block would leave it. */
static inline void set_pte(pte_t *slot, pte_t value) { __set_pte(slot, pte_mknoncont(value)); }
static inline void __pte_clear(struct mm_struct *mm, unsigned long where, pte_t *slot) { __set_pte(slot, __pte(0)); }

static inline void __set_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value, unsigned int count)
{
	page_table_check_ptes_set(mm, slot, value, count);
	__sync_cache_and_tags(value, count);

	while (1) {
		__check_safe_pte_update(mm, slot, value);
		__set_pte(slot, value);
		if (!--count)
			return;
		value = pte_advance_pfn(value, 1);
		slot++;
	}
}

static inline pte_t __ptep_get_and_clear(struct mm_struct *mm, unsigned long where, pte_t *slot)
{
	pte_t was = __pte(xchg_relaxed(&pte_val(*slot), 0));

	page_table_check_pte_clear(mm, was);
	return was;
}

static inline pte_t __get_and_clear_full_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot,
					      unsigned int count, int full)
{
	pte_t all = __ptep_get_and_clear(mm, where, slot);

	for (slot++; --count; slot++) {
		pte_t one = __ptep_get_and_clear(mm, where += PAGE_SIZE, slot);

		if (pte_dirty(one))
			all = pte_mkdirty(all);
		if (pte_young(one))
			all = pte_mkyoung(all);
	}
	return all;
}

#ifdef CONFIG_ARM64_CONTPTE

/* arch/arm64/mm/contpte.c */
extern void test_block_unfold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value);
extern void test_block_fold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value);
extern pte_t contpte_ptep_get(pte_t *slot, pte_t value);
extern void contpte_set_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value, unsigned int count);
extern pte_t contpte_get_and_clear_full_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot,
					     unsigned int count, int full);

static __always_inline void contpte_try_unfold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value)
{
	if (unlikely(pte_valid_cont(value)))
		test_block_unfold(mm, where, slot, value);
}

/* The last entry of a block may have completed it. */
static __always_inline void contpte_try_fold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value)
{
	const unsigned long last = CONT_PTES - 1;

	if (((where >> PAGE_SHIFT) & last) != last || (pte_pfn(value) & last) != last)
		return;
	if (pte_valid(value) && !pte_cont(value) && !pte_special(value))
		test_block_fold(mm, where, slot, value);
}

#define pte_batch_hint pte_batch_hint
static inline unsigned int pte_batch_hint(pte_t *slot, pte_t value)
{
	if (!pte_valid_cont(value))
		return 1;
	return CONT_PTES - (((unsigned long)slot / sizeof(*slot)) & (CONT_PTES - 1));
}

#define ptep_get ptep_get
static inline pte_t ptep_get(pte_t *slot)
{
	pte_t value = __ptep_get(slot);

	return unlikely(pte_valid_cont(value)) ? contpte_ptep_get(slot, value) : value;
}

#define set_ptes set_ptes
static __always_inline void set_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value,
				     unsigned int count)
{
	value = pte_mknoncont(value);
	if (count != 1) {
		contpte_set_ptes(mm, where, slot, value, count);
		return;
	}
	contpte_try_unfold(mm, where, slot, __ptep_get(slot));
	__set_ptes(mm, where, slot, value, 1);
	contpte_try_fold(mm, where, slot, value);
}

#define pte_clear pte_clear
static inline void pte_clear(struct mm_struct *mm, unsigned long where, pte_t *slot)
{
	contpte_try_unfold(mm, where, slot, __ptep_get(slot));
	__pte_clear(mm, where, slot);
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long where, pte_t *slot)
{
	contpte_try_unfold(mm, where, slot, __ptep_get(slot));
	return __ptep_get_and_clear(mm, where, slot);
}

#define get_and_clear_full_ptes get_and_clear_full_ptes
static inline pte_t get_and_clear_full_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, unsigned int count,
					    int full)
{
	if (count != 1)
		return contpte_get_and_clear_full_ptes(mm, where, slot, count, full);
	contpte_try_unfold(mm, where, slot, __ptep_get(slot));
	return __get_and_clear_full_ptes(mm, where, slot, 1, full);
}

#else /* CONFIG_ARM64_CONTPTE */

#define ptep_get				__ptep_get
#define set_ptes				__set_ptes
#define pte_clear				__pte_clear
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
#define ptep_get_and_clear			__ptep_get_and_clear
#define get_and_clear_full_ptes			__get_and_clear_full_ptes

#endif /* CONFIG_ARM64_CONTPTE */
#endif
