/* SPDX-License-Identifier: GPL-2.0-only */
/* Lazy MMU mode and TLB flushes. */
#ifdef PR_BARE
/* Entries of one table whose addresses lie in [start, end). */
static inline u64 pr_covered(u64 base, u64 start, u64 end)
{
	u64 first = start > base ? (start - base) >> PAGE_SHIFT : 0, last = end > base ? (end - base) >> PAGE_SHIFT : 0;
	u64 below = last >= 64 ? ~0UL : (1UL << last) - 1;

	return first >= 64 ? 0 : below & ~((1UL << first) - 1);
}

static inline void pr_invalidate(u64 start, u64 end)
{
	pr_did(T, start, end);
	pr->stale[0] &= ~pr_covered(pr->old_base, start, end);
	pr->stale[1] &= ~pr_covered(pr->new_base, start, end);
}
#else
#define pr_invalidate(start, end) ((void)0)
#endif

#define flush_tlb_range(vma, start, end) ({ \
	u64 pr_f_ = (start), pr_t_ = (end); (void)(vma); PR_LINE(); pr_log(flush_tlb_range, pr_f_, pr_t_); \
	pr_order(flush_tlb_range, 0); pr_invalidate(pr_f_, pr_t_); \
})
#define flush_tlb_page(vma, addr) ({ \
	u64 pr_f_ = (addr); (void)(vma); PR_LINE(); pr_log(flush_tlb_page, pr_f_); \
	pr_order(flush_tlb_page, 0); pr_invalidate(pr_f_, pr_f_ + PAGE_SIZE); \
})
#define flush_tlb_mm(mm) ({ (void)(mm); PR_LINE(); pr_mark(flush_tlb_mm, 0); pr_invalidate(0, 1UL << 57); })
#define local_flush_tlb_all() ({ PR_LINE(); pr_mark(local_flush_tlb_all, 0); })
#define flush_tlb_batched_pending(mm) ({ (void)(mm); PR_LINE(); pr_mark(flush_tlb_batched_pending, 0); })

/* What contpte calls between clearing and setting a block; later kernels have further arguments behind. */
#define __flush_tlb_range(vma, start, end, ...) pr_flush_block(start, end)
#define __flush_tlb_range_nosync(mm, start, end, ...) pr_flush_block(start, end)
static inline void pr_flush_block(u64 start, u64 end)
{
	pr_log(T, start, end);
	pr_invalidate(start, end);
}

#define TLB_FLUSH_VMA(mm, flags) ((struct vm_area_struct) { .vm_mm = (mm), .vm_flags = (flags) })
#define system_supports_bbml2_noabort() false

#define arch_enter_lazy_mmu_mode() ({ PR_LINE(); pr_mark(arch_enter_lazy_mmu_mode, 0); })
#define arch_leave_lazy_mmu_mode() ({ PR_LINE(); pr_mark(arch_leave_lazy_mmu_mode, 0); })
#define lazy_mmu_mode_enable() arch_enter_lazy_mmu_mode()
#define lazy_mmu_mode_disable() arch_leave_lazy_mmu_mode()
