/* SPDX-License-Identifier: GPL-2.0-only */
/* The PTE word of the architecture: predicates and setters, as models/arch has them, under their kernel names. */
#define pfn_pte_mask (((1UL << PR_PFN_TOP) - 1) & PAGE_MASK)

static inline pte_t pte_mk(pte_t pte, u64 set, u64 clear) { return __pte((pte.pte | set) & ~clear); }

#ifdef PR_X86_64
#include "x86_64.h"
#else
#include "arm64.h"
#endif

static inline int pte_same(pte_t a, pte_t b) { return a.pte == b.pte; }

static inline int pte_young(pte_t pte) { return !!(pte.pte & PR_YOUNG); }
static inline int pte_special(pte_t pte) { return !!(pte.pte & PR_SPECIAL); }
static inline int pte_devmap(pte_t pte) { return !!(pte.pte & PR_DEVMAP); }
static inline pte_t pte_mkold(pte_t pte) { return pte_mk(pte, 0, PR_YOUNG); }
static inline pte_t pte_mkyoung(pte_t pte) { return pte_mk(pte, PR_YOUNG, 0); }
static inline pte_t pte_mkspecial(pte_t pte) { return pte_mk(pte, PR_SPECIAL, 0); }

/* Stubs that return their input where the architecture or the config has no such bit. */
static inline int pte_soft_dirty(pte_t pte) { return !!(pte.pte & PR_SOFT_DIRTY); }
static inline pte_t pte_mksoft_dirty(pte_t pte) { return pte_mk(pte, PR_SOFT_DIRTY, 0); }
static inline pte_t pte_clear_soft_dirty(pte_t pte) { return pte_mk(pte, 0, PR_SOFT_DIRTY); }
static inline int pte_uffd_wp(pte_t pte) { return !!(pte.pte & PR_UFFD_WP); }
static inline pte_t pte_clear_uffd_wp(pte_t pte) { return pte_mk(pte, 0, PR_UFFD_WP); }

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return PR_UFFD_WP ? pte_wrprotect(pte_mk(pte, PR_UFFD_WP, 0)) : pte;
}

#define pte_pgprot pte_pgprot
static inline pgprot_t pte_pgprot(pte_t pte) { return __pgprot(pte.pte & ~pfn_pte_mask); }

/* The identity everywhere but on sparc64. */
#define move_pte(pte, from, to) (pte)

#define pte_rdonly(pte) (!pte_write(pte))
#define PFN_PTE_SHIFT PAGE_SHIFT
#define pmd_pte(pmd) __pte(pmd_val(pmd))
#define pud_pte(pud) __pte(pud_val(pud))
#define pte_pmd(pte) __pmd(pte_val(pte))
#define pte_pud(pte) __pud(pte_val(pte))
#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PUD_SHIFT 30
#define PUD_SIZE (1UL << PUD_SHIFT)
#define PTRS_PER_PTE (pr->size)

#ifdef PR_ARM64
/* With CONFIG_DEBUG_VM: warns of a change that a live entry must not take, as models/machine/contpte.py does. */
#define PR_SAFE_TO_CHANGE (1UL << 53 | PTE_RDONLY | PTE_WRITE | PTE_NG | 1UL << 63 | 0xfUL << 55)

static inline void pr_check_safe(const pte_t *ptep, pte_t pte)
{
#ifdef PR_BARE
	u64 old = ptep->pte, new = pte.pte;

	if (likely(!pr->debug_vm) || !(old & new & PTE_VALID))
		return;
	if (!pte_young(pte))
		pr_wrong(PR_RACY_YOUNG);
	if (pte_write(*ptep) && !pte_dirty(pte))
		pr_wrong(PR_RACY_DIRTY);
	if (((old | new) & PTE_CONT) || (old & ~new & PTE_NG) || ((old ^ new) & ~PR_SAFE_TO_CHANGE))
		pr_wrong(PR_UNSAFE_CHANGE);
#else
	pr_log(check_safe_pte_update, pr_number(ptep), pte_val(pte));
#endif
}
#endif
