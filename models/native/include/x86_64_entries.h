/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64's own primitives on one entry; arm64's come from the tree. */
#ifdef PR_X86_64
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = __pte(pr_exchange(ptep));

	page_table_check_pte_clear(mm, pte);
	return pte;
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
#define ptep_get_and_clear_full(mm, addr, ptep, full) ((void)(full), ptep_get_and_clear(mm, addr, ptep))

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pr_store(ptep, __pte(0));
}
#endif
