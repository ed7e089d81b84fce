/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flags of a VMA. VM_READ and VMA_READ_BIT and the like come from models/vma.py; a tree's own values are of no
 * consequence. v6.19 made bitmaps of them: how those are tested is the tree's.
 */
typedef unsigned long vm_flags_t;
typedef int vma_flag_t;
#define NUM_VMA_FLAG_BITS BITS_PER_LONG
typedef struct { unsigned long __vma_flags[1]; } vma_flags_t;
#define EMPTY_VMA_FLAGS ((vma_flags_t) { { 0 } })
#define pr_vma_mask(flag) ((vma_flags_t) { { flag } })

#define VMA_DROPPABLE_BIT 40
#define VMA_UFFD_MINOR_BIT 41
#define VMA_SEALED_BIT 42
#define VMA_UFFD_RWP_BIT 43

#define VM_NONE 0UL
#define VM_READ (1UL << VMA_READ_BIT)
#define VM_WRITE (1UL << VMA_WRITE_BIT)
#define VM_EXEC (1UL << VMA_EXEC_BIT)
#define VM_SHARED (1UL << VMA_SHARED_BIT)
#define VM_MAYREAD (1UL << VMA_MAYREAD_BIT)
#define VM_MAYWRITE (1UL << VMA_MAYWRITE_BIT)
#define VM_MAYEXEC (1UL << VMA_MAYEXEC_BIT)
#define VM_MAYSHARE (1UL << VMA_MAYSHARE_BIT)
#define VM_GROWSDOWN (1UL << VMA_GROWSDOWN_BIT)
#define VM_UFFD_MISSING (1UL << VMA_UFFD_MISSING_BIT)
#define VM_PFNMAP (1UL << VMA_PFNMAP_BIT)
#define VM_MAYBE_GUARD (1UL << VMA_MAYBE_GUARD_BIT)
#define VM_UFFD_WP (1UL << VMA_UFFD_WP_BIT)
#define VM_LOCKED (1UL << VMA_LOCKED_BIT)
#define VM_IO (1UL << VMA_IO_BIT)
#define VM_SEQ_READ (1UL << VMA_SEQ_READ_BIT)
#define VM_RAND_READ (1UL << VMA_RAND_READ_BIT)
#define VM_DONTCOPY (1UL << VMA_DONTCOPY_BIT)
#define VM_DONTEXPAND (1UL << VMA_DONTEXPAND_BIT)
#define VM_LOCKONFAULT (1UL << VMA_LOCKONFAULT_BIT)
#define VM_ACCOUNT (1UL << VMA_ACCOUNT_BIT)
#define VM_NORESERVE (1UL << VMA_NORESERVE_BIT)
#define VM_HUGETLB (1UL << VMA_HUGETLB_BIT)
#define VM_SYNC (1UL << VMA_SYNC_BIT)
#define VM_WIPEONFORK (1UL << VMA_WIPEONFORK_BIT)
#define VM_DONTDUMP (1UL << VMA_DONTDUMP_BIT)
#define VM_SOFTDIRTY (1UL << VMA_SOFTDIRTY_BIT)
#define VM_MIXEDMAP (1UL << VMA_MIXEDMAP_BIT)
#define VM_HUGEPAGE (1UL << VMA_HUGEPAGE_BIT)
#define VM_NOHUGEPAGE (1UL << VMA_NOHUGEPAGE_BIT)
#define VM_MERGEABLE (1UL << VMA_MERGEABLE_BIT)
#define VM_MTE (1UL << VMA_MTE_BIT)
#define VM_SHADOW_STACK (1UL << VMA_SHADOW_STACK_BIT)
#define VM_MTE_ALLOWED (1UL << VMA_MTE_ALLOWED_BIT)
#define VM_ALLOW_ANY_UNCACHED (1UL << VMA_ALLOW_ANY_UNCACHED_BIT)
#define VM_DROPPABLE (1UL << VMA_DROPPABLE_BIT)
#define VM_UFFD_MINOR (1UL << VMA_UFFD_MINOR_BIT)
#define VM_SEALED (1UL << VMA_SEALED_BIT)
#define VM_UFFD_RWP (1UL << VMA_UFFD_RWP_BIT)

#define VMA_DROPPABLE pr_vma_mask(VM_DROPPABLE)
#define VMA_UFFD_MISSING pr_vma_mask(VM_UFFD_MISSING)
#define VMA_UFFD_WP pr_vma_mask(VM_UFFD_WP)
#define VMA_UFFD_MINOR pr_vma_mask(VM_UFFD_MINOR)
#define VMA_UFFD_RWP pr_vma_mask(VM_UFFD_RWP)
#define VMA_SHADOW_STACK pr_vma_mask(VM_SHADOW_STACK)

#define test_bit(bit, bitmap) (((bitmap)[0] >> (bit)) & 1)
#define __set_bit(bit, bitmap) ((void)((bitmap)[0] |= 1UL << (bit)))
#define bitmap_empty(a, bits) (!(a)[0])
#define bitmap_intersects(a, b, bits) (!!((a)[0] & (b)[0]))
#define bitmap_subset(a, b, bits) (!((a)[0] & ~(b)[0]))
#define bitmap_equal(a, b, bits) ((a)[0] == (b)[0])
#define bitmap_weight(a, bits) __builtin_popcountl((a)[0])
#define bitmap_and(to, a, b, bits) ((to)[0] = (a)[0] & (b)[0])
#define bitmap_or(to, a, b, bits) ((to)[0] = (a)[0] | (b)[0])
#define bitmap_andnot(to, a, b, bits) ((to)[0] = (a)[0] & ~(b)[0])
#define bitmap_xor(to, a, b, bits) ((to)[0] = (a)[0] ^ (b)[0])
#define bitmap_zero(to, bits) ((void)((to)[0] = 0))
#define COUNT_ARGS(...) PR_COUNTED(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define PR_COUNTED(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, count, ...) count
