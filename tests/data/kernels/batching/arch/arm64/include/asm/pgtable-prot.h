/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arm64 PTE word (4K pages without LPA2). Written for the tests of pte-review after models/arch/arm64.py; not the kernel's text.
 */
#ifndef TEST_ASM_PGTABLE_PROT_H
#define TEST_ASM_PGTABLE_PROT_H

/* The arm64 PTE word (4K pages without LPA2), as models/arch/arm64.py has it. */
#define PTE_VALID (1UL << 0)
#define PTE_TABLE_BIT (1UL << 1)
#define PTE_TYPE_PAGE (PTE_VALID | PTE_TABLE_BIT)
#define PTE_USER (1UL << 6)
#define PTE_RDONLY (1UL << 7)
#define PTE_AF (1UL << 10)
#define PTE_NG (1UL << 11)
#define PTE_PRESENT_INVALID PTE_NG
#define PTE_WRITE (1UL << 51)
#define PTE_CONT (1UL << 52)
#define PTE_UXN (1UL << 54)
#define PTE_DIRTY (1UL << 55)
#define PTE_SPECIAL (1UL << 56)
#define PTE_DEVMAP (1UL << 57)

#define BIT_YOUNG PTE_AF
#define BIT_SPECIAL PTE_SPECIAL
#define BIT_DEVMAP PTE_DEVMAP
#define BIT_PFN_TOP 50
#define pfn_pte_mask (((1UL << BIT_PFN_TOP) - 1) & PAGE_MASK)
#define BIT_SOFT_DIRTY 0UL
#define BIT_SWP_SOFT_DIRTY 0UL
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
#define BIT_UFFD_WP (1UL << 58)
#define BIT_SWP_UFFD_WP (1UL << 3)
#else
#define BIT_UFFD_WP 0UL
#define BIT_SWP_UFFD_WP 0UL
#endif
#define BIT_SWP_EXCLUSIVE (1UL << 2)

#define pte_none(pte) (!pte_val(pte))
static inline int pte_valid(pte_t pte) { return !!(pte.pte & PTE_VALID); }
static inline int pte_present(pte_t pte) { return !!(pte.pte & (PTE_VALID | PTE_PRESENT_INVALID)); }
static inline int pte_present_invalid(pte_t pte)
{
	return (pte.pte & (PTE_VALID | PTE_PRESENT_INVALID)) == PTE_PRESENT_INVALID;
}
static inline bool pte_user_accessible_page(pte_t pte)
{
	return pte_valid(pte) && ((pte.pte & PTE_USER) || !(pte.pte & PTE_UXN));
}
static inline int pte_protnone(pte_t pte)
{
	return (pte.pte & (PTE_VALID | PTE_PRESENT_INVALID | PTE_USER | PTE_UXN)) == (PTE_PRESENT_INVALID | PTE_UXN);
}

static inline int pte_cont(pte_t pte) { return !!(pte.pte & PTE_CONT); }
static inline int pte_valid_cont(pte_t pte) { return (pte.pte & (PTE_VALID | PTE_CONT)) == (PTE_VALID | PTE_CONT); }
static inline int pte_write(pte_t pte) { return !!(pte.pte & PTE_WRITE); }
static inline int pte_sw_dirty(pte_t pte) { return !!(pte.pte & PTE_DIRTY); }
static inline int pte_hw_dirty(pte_t pte) { return (pte.pte & (PTE_WRITE | PTE_RDONLY)) == PTE_WRITE; }
static inline int pte_dirty(pte_t pte) { return pte_sw_dirty(pte) || pte_hw_dirty(pte); }

static inline pte_t pte_mkdirty(pte_t pte)
{
	pte.pte |= PTE_DIRTY;
	return __pte(pte.pte & PTE_WRITE ? pte.pte & ~PTE_RDONLY : pte.pte);
}

static inline pte_t pte_mkclean(pte_t pte) { return __pte((pte.pte & ~PTE_DIRTY) | PTE_RDONLY); }

static inline pte_t pte_mkwrite_novma(pte_t pte)
{
	pte.pte |= PTE_WRITE;
	return __pte(pte.pte & PTE_DIRTY ? pte.pte & ~PTE_RDONLY : pte.pte);
}

#define pte_mkwrite(pte, vma) ((void)(vma), pte_mkwrite_novma(pte))

static inline pte_t pte_wrprotect(pte_t pte)
{
	if (pte_hw_dirty(pte))
		pte.pte |= PTE_DIRTY;
	return __pte((pte.pte & ~PTE_WRITE) | PTE_RDONLY);
}

/* CONT alone, as since v6.13; before, commit ced841702ee7 says, it made the entry valid as well. */
static inline pte_t pte_mkcont(pte_t pte) { return __pte(pte.pte | PTE_CONT); }
static inline pte_t pte_mknoncont(pte_t pte) { return __pte(pte.pte & ~PTE_CONT); }
static inline pte_t pte_mkvalid(pte_t pte) { return __pte(pte.pte | PTE_VALID); }

static inline u64 pte_pfn(pte_t pte) { return (pte.pte & pfn_pte_mask) >> PAGE_SHIFT; }

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << PAGE_SHIFT) | pgprot_val(prot)); /* a PFN above the mask runs into the bits there */
}

#define pte_advance_pfn pte_advance_pfn
static inline pte_t pte_advance_pfn(pte_t pte, unsigned long nr)
{
	return __pte((pte.pte & ~pfn_pte_mask) | ((pte.pte & pfn_pte_mask) + (nr << PAGE_SHIFT)));
}

#define pte_cont_addr_end(addr, end) ({ \
	unsigned long next_ = ((addr) & CONT_PTE_MASK) + CONT_PTE_SIZE; \
	next_ - 1 < (end) - 1 ? next_ : (end); \
})

/* Swap entries: type in bits 6-10, offset in bits 12-61. */
static inline u64 test_swp_type(u64 value) { return (value >> 6) & 0x1f; }
static inline u64 test_swp_offset(u64 value) { return (value >> 12) & ((1UL << 50) - 1); }
static inline u64 test_swp_pte(u64 type, u64 offset) { return type << 6 | offset << 12; }

#endif
