/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PTE word as far as it is the same everywhere. Written for the tests of pte-review after models/arch/word.py; not the kernel's text.
 */
#ifndef TEST_PGTABLE_UFFD_H
#define TEST_PGTABLE_UFFD_H

/* The PTE word of the architecture: predicates and setters, as models/arch has them, under their kernel names. */
static inline pte_t pte_mk(pte_t pte, u64 set, u64 clear) { return __pte((pte.pte | set) & ~clear); }

static inline int pte_same(pte_t a, pte_t b) { return a.pte == b.pte; }

static inline int pte_young(pte_t pte) { return !!(pte.pte & BIT_YOUNG); }
static inline int pte_special(pte_t pte) { return !!(pte.pte & BIT_SPECIAL); }
static inline int pte_devmap(pte_t pte) { return !!(pte.pte & BIT_DEVMAP); }
static inline pte_t pte_mkold(pte_t pte) { return pte_mk(pte, 0, BIT_YOUNG); }
static inline pte_t pte_mkyoung(pte_t pte) { return pte_mk(pte, BIT_YOUNG, 0); }
static inline pte_t pte_mkspecial(pte_t pte) { return pte_mk(pte, BIT_SPECIAL, 0); }

/* Stubs that return their input where the architecture or the config has no such bit. */
static inline int pte_soft_dirty(pte_t pte) { return !!(pte.pte & BIT_SOFT_DIRTY); }
static inline pte_t pte_mksoft_dirty(pte_t pte) { return pte_mk(pte, BIT_SOFT_DIRTY, 0); }
static inline pte_t pte_clear_soft_dirty(pte_t pte) { return pte_mk(pte, 0, BIT_SOFT_DIRTY); }
static inline int pte_uffd_wp(pte_t pte) { return !!(pte.pte & BIT_UFFD_WP); }
static inline pte_t pte_clear_uffd_wp(pte_t pte) { return pte_mk(pte, 0, BIT_UFFD_WP); }

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return BIT_UFFD_WP ? pte_wrprotect(pte_mk(pte, BIT_UFFD_WP, 0)) : pte;
}

#define pte_pgprot pte_pgprot
static inline pgprot_t pte_pgprot(pte_t pte) { return __pgprot(pte.pte & ~pfn_pte_mask); }

/* The identity everywhere but on sparc64. */
#define move_pte(pte, from, to) (pte)

#define pte_rdonly(pte) (!pte_write(pte))
#define pte_page(pte) pfn_to_page(pte_pfn(pte))
#define PFN_PTE_SHIFT PAGE_SHIFT
#define pmd_pte(pmd) __pte(pmd_val(pmd))
#define pud_pte(pud) __pte(pud_val(pud))
#define pte_pmd(pte) __pmd(pte_val(pte))
#define pte_pud(pte) __pud(pte_val(pte))

#endif
