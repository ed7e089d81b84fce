/* SPDX-License-Identifier: GPL-2.0-only */
/* The arm64 PTE word (4K pages without LPA2), as models/arch/arm64.py has it. */
#define PR_VALID (1UL << 0)
#define PR_USER (1UL << 6)
#define PR_RDONLY (1UL << 7)
#define PR_YOUNG (1UL << 10)
#define PR_PRESENT_INVALID (1UL << 11)
#define PR_WRITE (1UL << 51)
#define PR_CONT (1UL << 52)
#define PR_UXN (1UL << 54)
#define PR_DIRTY (1UL << 55)
#define PR_SPECIAL (1UL << 56)
#define PR_DEVMAP (1UL << 57)
#define PR_PFN_TOP 50
#define PR_SOFT_DIRTY 0UL
#define PR_SWP_SOFT_DIRTY 0UL
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
#define PR_UFFD_WP (1UL << 58)
#define PR_SWP_UFFD_WP (1UL << 3)
#else
#define PR_UFFD_WP 0UL
#define PR_SWP_UFFD_WP 0UL
#endif
#define PR_SWP_EXCLUSIVE (1UL << 2)

static inline bool pr_none(pte_t pte) { return !pte.pte; }
static inline bool pr_valid(pte_t pte) { return pr_has(pte, PR_VALID); }
static inline bool pr_present(pte_t pte) { return pr_has(pte, PR_VALID | PR_PRESENT_INVALID); }
static inline bool pr_user_accessible(pte_t pte) { return pr_valid(pte) && (pr_has(pte, PR_USER) || !pr_has(pte, PR_UXN)); }
static inline bool pr_cont(pte_t pte) { return pr_has(pte, PR_CONT); }
static inline bool pr_write(pte_t pte) { return pr_has(pte, PR_WRITE); }
static inline bool pr_dirty(pte_t pte)
{
	return pr_has(pte, PR_DIRTY) || (pte.pte & (PR_WRITE | PR_RDONLY)) == PR_WRITE;
}

static inline u64 pr_pfn(pte_t pte) { return (pte.pte & PR_PFN_MASK) >> PAGE_SHIFT; }

/* What a CPU must not have cached otherwise than the entry says; UXN may be left over. */
#define PR_NO_EXEC PR_UXN
#define PR_PROT_MASK (PR_VALID | 2UL | 7UL << 2 | PR_USER | 3UL << 8 | 1UL << 11 | 1UL << 50 | 1UL << 53 | PR_UXN | \
		      PR_DEVMAP | 7UL << 60)

/* FEAT_HAFDBS: RDONLY with WRITE is writable but clean. */
static inline bool pr_mmu_may_write(pte_t pte)
{
	return pr_valid(pte) && (pte.pte & (PR_WRITE | PR_RDONLY)) != PR_RDONLY;
}

static inline bool pr_mmu_dirty(pte_t pte) { return !pr_has(pte, PR_RDONLY); }
static inline bool pr_pushes(pte_t pte) { return false; }

/* Swap entries have their type in bits 6-10. */
static inline u64 pr_swp_type(u64 value) { return (value >> 6) & 0x1f; }
