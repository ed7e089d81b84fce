/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Swap entries and PTE markers. Written for the tests of pte-review after models/arch/word.py; not the kernel's text.
 */
#ifndef TEST_SWAPOPS_H
#define TEST_SWAPOPS_H

typedef u64 pte_marker;

#define PTE_MARKER_UFFD_WP 1UL
#define PTE_MARKER_POISONED 2UL
#define PTE_MARKER_GUARD 4UL

/* True for every entry that is neither none nor present. */
static inline int is_swap_pte(pte_t pte) { return !pte_none(pte) && !pte_present(pte); }

static inline pte_t pte_swp_clear_flags(pte_t pte)
{
	return pte_mk(pte, 0, BIT_SWP_EXCLUSIVE | BIT_SWP_SOFT_DIRTY | BIT_SWP_UFFD_WP);
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte) { return (swp_entry_t) { pte_swp_clear_flags(pte).pte }; }
#define __pte_to_swp_entry(pte) ((swp_entry_t) { pte_val(pte) })
static inline pte_t swp_entry_to_pte(swp_entry_t entry) { return __pte(entry.val); }
static inline unsigned int swp_type(swp_entry_t entry) { return test_swp_type(entry.val); }
static inline u64 swp_offset(swp_entry_t entry) { return test_swp_offset(entry.val); }
static inline swp_entry_t swp_entry(u64 type, u64 offset) { return (swp_entry_t) { test_swp_pte(type, offset) }; }
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

static inline int is_hwpoison_entry(swp_entry_t entry) { return swp_type(entry) == SWP_HWPOISON; }

static inline int is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && is_pte_marker_entry(pte_to_swp_entry(pte));
}

static inline int test_marker_uffd_wp(swp_entry_t entry)
{
#ifdef CONFIG_PTE_MARKER_UFFD_WP
	return is_pte_marker_entry(entry) && (swp_offset(entry) & PTE_MARKER_UFFD_WP);
#else
	return 0;
#endif
}

#define pte_marker_entry_uffd_wp(entry) test_marker_uffd_wp(entry)

/* Whatever other marker bits it has. False for present entries. */
static inline int pte_marker_uffd_wp(pte_t pte)
{
	return is_swap_pte(pte) && test_marker_uffd_wp(pte_to_swp_entry(pte));
}

#define pte_is_uffd_wp_marker(pte) pte_marker_uffd_wp(pte)
#define pte_swp_uffd_wp_any(pte) (pte_swp_uffd_wp(pte) || pte_marker_uffd_wp(pte))

static inline int pte_swp_exclusive(pte_t pte) { return !!(pte.pte & BIT_SWP_EXCLUSIVE); }
static inline int pte_swp_soft_dirty(pte_t pte) { return !!(pte.pte & BIT_SWP_SOFT_DIRTY); }
static inline pte_t pte_swp_mksoft_dirty(pte_t pte) { return pte_mk(pte, BIT_SWP_SOFT_DIRTY, 0); }
static inline pte_t pte_swp_clear_soft_dirty(pte_t pte) { return pte_mk(pte, 0, BIT_SWP_SOFT_DIRTY); }
static inline int pte_swp_uffd_wp(pte_t pte) { return !!(pte.pte & BIT_SWP_UFFD_WP); }
static inline pte_t pte_swp_mkuffd_wp(pte_t pte) { return pte_mk(pte, BIT_SWP_UFFD_WP, 0); }
static inline pte_t pte_swp_clear_uffd_wp(pte_t pte) { return pte_mk(pte, 0, BIT_SWP_UFFD_WP); }

#endif
