/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The types of swap entries, as models/arch/word.py has them: those of v6.15 and later, where device-exclusive is one
 * type (commit c25465eb7630's series). What they mean to kernel text is in the tree's own headers.
 */
typedef struct { u64 val; } swp_entry_t;
typedef swp_entry_t softleaf_t;

#define MAX_SWAPFILES_SHIFT 5
enum {
	MAX_SWAPFILES = 24,
	SWP_HWPOISON = 24,
	SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE,
	SWP_DEVICE_WRITE, SWP_DEVICE_READ, SWP_DEVICE_EXCLUSIVE,
	SWP_DEVICE_EXCLUSIVE_WRITE = SWP_DEVICE_EXCLUSIVE, SWP_DEVICE_EXCLUSIVE_READ = SWP_DEVICE_EXCLUSIVE,
	SWP_PTE_MARKER,
};
