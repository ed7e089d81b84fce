/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PTE word of the architecture as the judge reads it, after models/arch: what these say depends on no tree. Kernel
 * text has the words of its own tree.
 */
#define PR_PFN_MASK (((1UL << PR_PFN_TOP) - 1) & PAGE_MASK)
#define pr_has(pte, bits) (!!((pte).pte & (bits)))

#ifdef PR_X86_64
#include "x86_64.h"
#else
#include "arm64.h"
#endif

static inline bool pr_young(pte_t pte) { return pr_has(pte, PR_YOUNG); }
static inline bool pr_special(pte_t pte) { return pr_has(pte, PR_SPECIAL); }
static inline bool pr_devmap(pte_t pte) { return pr_has(pte, PR_DEVMAP); }
static inline bool pr_soft_dirty(pte_t pte) { return pr_has(pte, PR_SOFT_DIRTY); }
static inline bool pr_uffd_wp(pte_t pte) { return pr_has(pte, PR_UFFD_WP); }

/* True for every entry that is neither none nor present. */
static inline bool pr_swap(pte_t pte) { return !pr_none(pte) && !pr_present(pte); }
static inline bool pr_swp_soft_dirty(pte_t pte) { return pr_has(pte, PR_SWP_SOFT_DIRTY); }
static inline bool pr_swp_uffd_wp(pte_t pte) { return pr_has(pte, PR_SWP_UFFD_WP); }

/* Whether a CPU that has cached the valid entry `cached` does with it what `pte` allows: mmu_forgives() of models/arch. */
static inline bool pr_forgives(pte_t cached, pte_t pte)
{
	if (!pr_valid(pte) || pr_pfn(cached) != pr_pfn(pte) || (pr_pushes(cached) && !pr_write(pte)))
		return false;
	if (pr_mmu_may_write(cached) && (!pr_mmu_may_write(pte) || (pr_mmu_dirty(cached) && !pr_mmu_dirty(pte))))
		return false;
	return !((cached.pte ^ pte.pte) & PR_PROT_MASK & ~(PR_NO_EXEC & cached.pte));
}

/* Device-exclusive entries left this set in v6.15. */
static inline bool pr_cached_writable(pte_t pte)
{
	u64 type = pr_swp_type(pte.pte & ~(PR_SWP_EXCLUSIVE | PR_SWP_SOFT_DIRTY | PR_SWP_UFFD_WP));

	return type == SWP_MIGRATION_WRITE || type == SWP_DEVICE_WRITE;
}
