/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The x86_64 PTE word. Written for the tests of pte-review after models/arch/x86_64.py; not the kernel's text.
 */
#ifndef TEST_ASM_PGTABLE_TYPES_H
#define TEST_ASM_PGTABLE_TYPES_H

/* The x86_64 PTE word, as models/arch/x86_64.py has it. */
#define BIT_PRESENT (1UL << 0)
#define BIT_RW (1UL << 1)
#define BIT_USER (1UL << 2)
#define BIT_YOUNG (1UL << 5)
#define BIT_DIRTY (1UL << 6)
#define BIT_PROTNONE (1UL << 8)
#define BIT_SPECIAL (1UL << 9)
#define BIT_DEVMAP (1UL << 57)
#define BIT_SAVED_DIRTY (1UL << 58)
#define BIT_PFN_TOP 52
#define pfn_pte_mask (((1UL << BIT_PFN_TOP) - 1) & PAGE_MASK)

#ifdef CONFIG_MEM_SOFT_DIRTY
#define BIT_SOFT_DIRTY (1UL << 11)
#define BIT_SWP_SOFT_DIRTY BIT_RW
#else
#define BIT_SOFT_DIRTY 0UL
#define BIT_SWP_SOFT_DIRTY 0UL
#endif
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
#define BIT_UFFD_WP (1UL << 10)
#define BIT_SWP_UFFD_WP BIT_USER
#else
#define BIT_UFFD_WP 0UL
#define BIT_SWP_UFFD_WP 0UL
#endif
#define BIT_SWP_EXCLUSIVE (1UL << 3)

/* Accessed and dirty may be set in an entry that is none: a hardware erratum. */
static inline int pte_none(pte_t pte) { return !(pte.pte & ~(BIT_YOUNG | BIT_DIRTY)); }
static inline int pte_present(pte_t pte) { return !!(pte.pte & (BIT_PRESENT | BIT_PROTNONE)); }
static inline int pte_protnone(pte_t pte) { return (pte.pte & (BIT_PRESENT | BIT_PROTNONE)) == BIT_PROTNONE; }
#define pte_user_accessible_page(pte) ((pte_val(pte) & (BIT_PRESENT | BIT_USER)) == (BIT_PRESENT | BIT_USER))
#define pte_valid(pte) (!!(pte_val(pte) & BIT_PRESENT))

static inline int pte_shstk(pte_t pte) { return cpu_feature_enabled(X86_FEATURE_SHSTK) && (pte.pte & (BIT_RW | BIT_DIRTY)) == BIT_DIRTY; }
static inline int pte_write(pte_t pte) { return (pte.pte & BIT_RW) || pte_shstk(pte); }
static inline int pte_dirty(pte_t pte) { return !!(pte.pte & (BIT_DIRTY | BIT_SAVED_DIRTY)); }

/* Write=0 and Dirty=1 would be a shadow-stack entry: the dirty bit moves aside, whatever the CPU has. */
static inline pte_t test_save_dirty(pte_t pte)
{
	u64 moves = (pte.pte & (BIT_RW | BIT_DIRTY)) == BIT_DIRTY;

	return __pte((pte.pte & ~(moves * BIT_DIRTY)) | moves * BIT_SAVED_DIRTY);
}

static inline pte_t pte_mkdirty(pte_t pte) { return test_save_dirty(__pte(pte.pte | BIT_DIRTY | BIT_SOFT_DIRTY)); }
static inline pte_t pte_mkclean(pte_t pte) { return __pte(pte.pte & ~(BIT_DIRTY | BIT_SAVED_DIRTY)); }
static inline pte_t pte_wrprotect(pte_t pte) { return test_save_dirty(__pte(pte.pte & ~BIT_RW)); }
static inline pte_t pte_mkwrite_novma(pte_t pte) { return __pte(pte.pte | BIT_RW); }

static inline pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHADOW_STACK)
		return __pte((pte.pte & ~BIT_RW) | BIT_DIRTY);
	pte.pte |= BIT_RW;
	if (pte.pte & BIT_SAVED_DIRTY)
		pte.pte = (pte.pte & ~BIT_SAVED_DIRTY) | BIT_DIRTY;
	return pte;
}

/* L1TF: the page frame of a non-zero entry that is not present is stored inverted. */
static inline u64 pte_pfn(pte_t pte)
{
	u64 value = pte.pte && !(pte.pte & BIT_PRESENT) ? ~pte.pte : pte.pte;

	return (value & pfn_pte_mask) >> PAGE_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	u64 address = pfn << PAGE_SHIFT;

	if (pgprot_val(prot) && !(pgprot_val(prot) & BIT_PRESENT))
		address = ~address;
	return __pte((address & pfn_pte_mask) | pgprot_val(prot));
}

#define pte_advance_pfn pte_advance_pfn
static inline pte_t pte_advance_pfn(pte_t pte, unsigned long nr)
{
	u64 distance = nr << PAGE_SHIFT;

	return __pte(pte.pte && !(pte.pte & BIT_PRESENT) ? pte.pte - distance : pte.pte + distance);
}

/* Swap entries: type in bits 59-63, offset inverted in bits 9-58. */
static inline u64 test_swp_type(u64 value) { return value >> 59; }
static inline u64 test_swp_offset(u64 value) { return (~value << 5) >> 14; }
static inline u64 test_swp_pte(u64 type, u64 offset) { return ((~offset << 14) >> 5) | type << 59; }

#endif
