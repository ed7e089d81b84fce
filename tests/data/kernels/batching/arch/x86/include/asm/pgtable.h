/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to one entry on x86_64. Written for the tests of pte-review after models/machine/kernel.py; not the kernel's text.
 */
#ifndef TEST_ASM_PGTABLE_H
#define TEST_ASM_PGTABLE_H

#define set_pte(ptep, pte) WRITE_ONCE(*(ptep), pte)

/* x86_64's own primitives on one entry; arm64's come from the tree. */
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = __pte(xchg(&ptep->pte, 0));

	page_table_check_pte_clear(mm, pte);
	return pte;
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
#define ptep_get_and_clear_full(mm, addr, ptep, full) ((void)(full), ptep_get_and_clear(mm, addr, ptep))

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	WRITE_ONCE(*ptep, __pte(0));
}

#endif
