/* SPDX-License-Identifier: GPL-2.0-only */
/* The x86_64 PTE word, as models/arch/x86_64.py has it. */
#define PR_PRESENT (1UL << 0)
#define PR_RW (1UL << 1)
#define PR_USER (1UL << 2)
#define PR_YOUNG (1UL << 5)
#define PR_DIRTY (1UL << 6)
#define PR_PROTNONE (1UL << 8)
#define PR_SPECIAL (1UL << 9)
#define PR_DEVMAP (1UL << 57)
#define PR_SAVED_DIRTY (1UL << 58)
#define PR_PFN_TOP 52

#ifdef CONFIG_MEM_SOFT_DIRTY
#define PR_SOFT_DIRTY (1UL << 11)
#define PR_SWP_SOFT_DIRTY PR_RW
#else
#define PR_SOFT_DIRTY 0UL
#define PR_SWP_SOFT_DIRTY 0UL
#endif
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
#define PR_UFFD_WP (1UL << 10)
#define PR_SWP_UFFD_WP PR_USER
#else
#define PR_UFFD_WP 0UL
#define PR_SWP_UFFD_WP 0UL
#endif
#define PR_SWP_EXCLUSIVE (1UL << 3)

/* Accessed and dirty may be set in an entry that is none: a hardware erratum. */
static inline int pte_none(pte_t pte) { return !(pte.pte & ~(PR_YOUNG | PR_DIRTY)); }
static inline int pte_present(pte_t pte) { return !!(pte.pte & (PR_PRESENT | PR_PROTNONE)); }
static inline int pte_protnone(pte_t pte) { return (pte.pte & (PR_PRESENT | PR_PROTNONE)) == PR_PROTNONE; }
#define pte_user_accessible_page(pte) ((pte_val(pte) & (PR_PRESENT | PR_USER)) == (PR_PRESENT | PR_USER))
#define pte_valid(pte) (!!(pte_val(pte) & PR_PRESENT))

static inline int pte_shstk(pte_t pte) { return pr->shstk && (pte.pte & (PR_RW | PR_DIRTY)) == PR_DIRTY; }
static inline int pte_write(pte_t pte) { return (pte.pte & PR_RW) || pte_shstk(pte); }
static inline int pte_dirty(pte_t pte) { return !!(pte.pte & (PR_DIRTY | PR_SAVED_DIRTY)); }

/* Write=0 and Dirty=1 would be a shadow-stack entry: the dirty bit moves aside, whatever the CPU has. */
static inline pte_t pr_save_dirty(pte_t pte)
{
	u64 moves = (pte.pte & (PR_RW | PR_DIRTY)) == PR_DIRTY;

	return __pte((pte.pte & ~(moves * PR_DIRTY)) | moves * PR_SAVED_DIRTY);
}

static inline pte_t pte_mkdirty(pte_t pte) { return pr_save_dirty(__pte(pte.pte | PR_DIRTY | PR_SOFT_DIRTY)); }
static inline pte_t pte_mkclean(pte_t pte) { return __pte(pte.pte & ~(PR_DIRTY | PR_SAVED_DIRTY)); }
static inline pte_t pte_wrprotect(pte_t pte) { return pr_save_dirty(__pte(pte.pte & ~PR_RW)); }
static inline pte_t pte_mkwrite_novma(pte_t pte) { return __pte(pte.pte | PR_RW); }

static inline pte_t pte_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHADOW_STACK)
		return __pte((pte.pte & ~PR_RW) | PR_DIRTY);
	pte.pte |= PR_RW;
	if (pte.pte & PR_SAVED_DIRTY)
		pte.pte = (pte.pte & ~PR_SAVED_DIRTY) | PR_DIRTY;
	return pte;
}

/* L1TF: the page frame of a non-zero entry that is not present is stored inverted. */
static inline u64 pte_pfn(pte_t pte)
{
	u64 value = pte.pte && !(pte.pte & PR_PRESENT) ? ~pte.pte : pte.pte;

	return (value & pfn_pte_mask) >> PAGE_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	u64 address = pfn << PAGE_SHIFT;

	if (pgprot_val(prot) && !(pgprot_val(prot) & PR_PRESENT))
		address = ~address;
	return __pte((address & pfn_pte_mask) | pgprot_val(prot));
}

#define pte_advance_pfn pte_advance_pfn
static inline pte_t pte_advance_pfn(pte_t pte, unsigned long nr)
{
	u64 distance = nr << PAGE_SHIFT;

	return __pte(pte.pte && !(pte.pte & PR_PRESENT) ? pte.pte - distance : pte.pte + distance);
}

/* Swap entries: type in bits 59-63, offset inverted in bits 9-58. */
static inline u64 pr_swp_type(u64 value) { return value >> 59; }
static inline u64 pr_swp_offset(u64 value) { return (~value << 5) >> 14; }
static inline u64 pr_swp_pte(u64 type, u64 offset) { return ((~offset << 14) >> 5) | type << 59; }
