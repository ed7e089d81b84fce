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
static inline bool pr_none(pte_t pte) { return !(pte.pte & ~(PR_YOUNG | PR_DIRTY)); }
static inline bool pr_present(pte_t pte) { return pr_has(pte, PR_PRESENT | PR_PROTNONE); }
static inline bool pr_valid(pte_t pte) { return pr_has(pte, PR_PRESENT); }
static inline bool pr_user_accessible(pte_t pte)
{
	return (pte.pte & (PR_PRESENT | PR_USER)) == (PR_PRESENT | PR_USER);
}

/* A shadow-stack entry, which is Write=0 and Dirty=1, may be written too. */
static inline bool pr_write(pte_t pte)
{
	return pr_has(pte, PR_RW) || (pr_config(SHSTK) && (pte.pte & (PR_RW | PR_DIRTY)) == PR_DIRTY);
}

static inline bool pr_dirty(pte_t pte) { return pr_has(pte, PR_DIRTY | PR_SAVED_DIRTY); }

/* L1TF: the page frame of a non-zero entry that is not present is stored inverted. */
static inline u64 pr_pfn(pte_t pte)
{
	u64 value = pte.pte && !(pte.pte & PR_PRESENT) ? ~pte.pte : pte.pte;

	return (value & PR_PFN_MASK) >> PAGE_SHIFT;
}

/* What a CPU must not have cached otherwise than the entry says: user, cache and key bits; NX may be left over. */
#define PR_NX (1UL << 63)
#define PR_PROT_MASK (PR_USER | 0x98UL | PR_PROTNONE | PR_DEVMAP | 0xfUL << 59 | PR_NX)
#define PR_NO_EXEC PR_NX

static inline bool pr_mmu_may_write(pte_t pte) { return (pte.pte & (PR_PRESENT | PR_RW)) == (PR_PRESENT | PR_RW); }
static inline bool pr_mmu_dirty(pte_t pte) { return pr_has(pte, PR_DIRTY); }

/* A shadow-stack entry allows pushes. */
static inline bool pr_pushes(pte_t pte) { return pr_config(SHSTK) && (pte.pte & (PR_RW | PR_DIRTY)) == PR_DIRTY; }

/* Swap entries have their type in bits 59-63. */
static inline u64 pr_swp_type(u64 value) { return value >> 59; }
