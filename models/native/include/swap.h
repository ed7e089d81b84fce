/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap entries and PTE markers, as models/arch/word.py has them. */
typedef struct { u64 val; } swp_entry_t;
typedef u64 pte_marker;

/* v6.15 made device-exclusive one type (commit c25465eb7630's series). */
enum {
	MAX_SWAPFILES = 24,
	SWP_HWPOISON = 24,
	SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE,
	SWP_DEVICE_WRITE, SWP_DEVICE_READ, SWP_DEVICE_EXCLUSIVE,
	SWP_PTE_MARKER,
};

#define PTE_MARKER_UFFD_WP 1UL
#define PTE_MARKER_POISONED 2UL
#define PTE_MARKER_GUARD 4UL

/* True for every entry that is neither none nor present. */
static inline int is_swap_pte(pte_t pte) { return !pte_none(pte) && !pte_present(pte); }

static inline pte_t pte_swp_clear_flags(pte_t pte)
{
	return pte_mk(pte, 0, PR_SWP_EXCLUSIVE | PR_SWP_SOFT_DIRTY | PR_SWP_UFFD_WP);
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte) { return (swp_entry_t) { pte_swp_clear_flags(pte).pte }; }
#define __pte_to_swp_entry(pte) ((swp_entry_t) { pte_val(pte) })
static inline pte_t swp_entry_to_pte(swp_entry_t entry) { return __pte(entry.val); }
static inline unsigned int swp_type(swp_entry_t entry) { return pr_swp_type(entry.val); }
static inline u64 swp_offset(swp_entry_t entry) { return pr_swp_offset(entry.val); }
static inline swp_entry_t swp_entry(u64 type, u64 offset) { return (swp_entry_t) { pr_swp_pte(type, offset) }; }
static inline int non_swap_entry(swp_entry_t entry) { return swp_type(entry) >= MAX_SWAPFILES; }
static inline int is_pte_marker_entry(swp_entry_t entry) { return swp_type(entry) == SWP_PTE_MARKER; }
static inline pte_marker pte_marker_get(swp_entry_t entry) { return swp_offset(entry) & 7; }

static inline int is_migration_entry(swp_entry_t entry)
{
	return swp_type(entry) >= SWP_MIGRATION_READ && swp_type(entry) <= SWP_MIGRATION_WRITE;
}

static inline int is_device_private_entry(swp_entry_t entry)
{
	return swp_type(entry) == SWP_DEVICE_WRITE || swp_type(entry) == SWP_DEVICE_READ;
}

/* Device-exclusive entries left this set in v6.15. */
static inline bool pr_cached_writable(pte_t pte)
{
	unsigned int type = swp_type(pte_to_swp_entry(pte));

	return type == SWP_MIGRATION_WRITE || type == SWP_DEVICE_WRITE;
}

static inline int is_hwpoison_entry(swp_entry_t entry) { return swp_type(entry) == SWP_HWPOISON; }

static inline int is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && is_pte_marker_entry(pte_to_swp_entry(pte));
}

static inline int pr_marker_uffd_wp(swp_entry_t entry)
{
#ifdef CONFIG_PTE_MARKER_UFFD_WP
	return is_pte_marker_entry(entry) && (swp_offset(entry) & PTE_MARKER_UFFD_WP);
#else
	return 0;
#endif
}

#define pte_marker_entry_uffd_wp(entry) pr_marker_uffd_wp(entry)

/* Whatever other marker bits it has. False for present entries. */
static inline int pte_marker_uffd_wp(pte_t pte)
{
	int is = is_swap_pte(pte) && pr_marker_uffd_wp(pte_to_swp_entry(pte));

	if (is)
		pr_log(marker, 0), pr_path(PR_PATH_MARKER);
	return is;
}

#define pte_is_uffd_wp_marker(pte) pte_marker_uffd_wp(pte)
#define pte_swp_uffd_wp_any(pte) (pte_swp_uffd_wp(pte) || pte_marker_uffd_wp(pte))

static inline int pte_swp_exclusive(pte_t pte) { return !!(pte.pte & PR_SWP_EXCLUSIVE); }
static inline int pte_swp_soft_dirty(pte_t pte) { return !!(pte.pte & PR_SWP_SOFT_DIRTY); }
static inline pte_t pte_swp_mksoft_dirty(pte_t pte) { return pte_mk(pte, PR_SWP_SOFT_DIRTY, 0); }
static inline pte_t pte_swp_clear_soft_dirty(pte_t pte) { return pte_mk(pte, 0, PR_SWP_SOFT_DIRTY); }
static inline int pte_swp_uffd_wp(pte_t pte) { return !!(pte.pte & PR_SWP_UFFD_WP); }
static inline pte_t pte_swp_mkuffd_wp(pte_t pte) { return pte_mk(pte, PR_SWP_UFFD_WP, 0); }
static inline pte_t pte_swp_clear_uffd_wp(pte_t pte) { return pte_mk(pte, 0, PR_SWP_UFFD_WP); }
