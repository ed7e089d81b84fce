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

static inline void pr_invalidate(const struct mm_struct *mm, u64 start, u64 end)
{
	pr_did(T, start, end);
	for (u64 i = 0; i < PR_MOST_TABLES; i++)
		if (pr->stale[i] && pr->tables[i].mm == mm) {
			pr->stale[i] &= ~pr_covered(pr->tables[i].base, start, end);
			if (PR_FLUSHED == PR_AT_RETURN)
				pr->more[i] &= pr->stale[i];
		}
}
#else
#define pr_invalidate(mm, start, end) ((void)(mm))
#endif

#define flush_tlb_range(vma, start, end) ({ \
	u64 pr_f_ = (start), pr_t_ = (end); const struct mm_struct *pr_n_ = (vma)->vm_mm; \
	PR_LINE(); pr_log(flush_tlb_range, pr_f_, pr_t_, pr_mm(pr_n_)); \
	pr_order(flush_tlb_range, 0); pr_invalidate(pr_n_, pr_f_, pr_t_); \
})
#define flush_tlb_page(vma, addr) ({ \
	u64 pr_f_ = (addr); const struct mm_struct *pr_n_ = (vma)->vm_mm; \
	PR_LINE(); pr_log(flush_tlb_page, pr_f_, pr_mm(pr_n_)); \
	pr_order(flush_tlb_page, 0); pr_invalidate(pr_n_, pr_f_, pr_f_ + PAGE_SIZE); \
})
#define flush_tlb_mm(mm) ({ \
	const struct mm_struct *pr_n_ = (mm); PR_LINE(); pr_log(flush_tlb_mm, pr_mm(pr_n_)); \
	pr_order(flush_tlb_mm, 0); pr_invalidate(pr_n_, 0, 1UL << 57); \
})
#define local_flush_tlb_all() ({ PR_LINE(); pr_mark(local_flush_tlb_all, 0); })
#define flush_tlb_batched_pending(mm) ({ \
	u64 pr_n_ = pr_mm(mm); PR_LINE(); pr_log(flush_tlb_batched_pending, pr_n_); pr_order(flush_tlb_batched_pending, 0); \
	(void)pr_n_; \
})

/* What contpte calls between clearing and setting a block; later kernels have further arguments behind. */
#define __flush_tlb_range(vma, start, end, ...) pr_flush_block((vma)->vm_mm, start, end)
#define __flush_tlb_range_nosync(mm, start, end, ...) pr_flush_block(mm, start, end)
static inline void pr_flush_block(const struct mm_struct *mm, u64 start, u64 end)
{
	pr_log(T, start, end, pr_mm(mm));
	pr_invalidate(mm, start, end);
}

#define TLB_FLUSH_VMA(mm, flags) ((struct vm_area_struct) { .vm_mm = (mm), .vm_flags = (flags) })

#define arch_enter_lazy_mmu_mode() ({ PR_LINE(); pr_mark(arch_enter_lazy_mmu_mode, 0); })
#define arch_leave_lazy_mmu_mode() ({ PR_LINE(); pr_mark(arch_leave_lazy_mmu_mode, 0); })
#define lazy_mmu_mode_enable() ({ PR_LINE(); pr_mark(lazy_mmu_mode_enable, 0); })
#define lazy_mmu_mode_disable() ({ PR_LINE(); pr_mark(lazy_mmu_mode_disable, 0); })
#define lazy_mmu_mode_pause() ({ PR_LINE(); pr_mark(lazy_mmu_mode_pause, 0); })
#define lazy_mmu_mode_resume() ({ PR_LINE(); pr_mark(lazy_mmu_mode_resume, 0); })

/* The caller's mmu_gather, opened before the call and finished behind it: from the lowest to the highest address at once. */
static inline struct mmu_gather *pr_gather(struct mm_struct *mm)
{
	pr->gather = (struct mmu_gather) { .mm = mm, .start = 1UL << 57 };
	return &pr->gather;
}

static inline void pr_finish_gather(void)
{
	if (pr->gather.cleared_ptes)
		pr_invalidate(pr->gather.mm, pr->gather.start, pr->gather.end);
}

static inline void pr_gathered(struct mmu_gather *tlb, u64 start, u64 end)
{
#ifdef PR_BARE
	tlb->start = start < tlb->start ? start : tlb->start;
	tlb->end = end > tlb->end ? end : tlb->end;
	tlb->cleared_ptes = true;
#endif
}

#define tlb_change_page_size(tlb, page_size) ((void)(tlb))
#define tlb_flush_pte_range(tlb, address, size) ({ \
	u64 pr_g_ = (address), pr_z_ = (size); \
	PR_LINE(); pr_log(tlb_flush_pte_range, pr_g_, pr_z_); pr_gathered(tlb, pr_g_, pr_g_ + pr_z_); \
})
/* A gather is open: entries that are present may be cached. */
#define mm_tlb_flush_pending(mm) true
#define ptep_clear_flush(vma, addr, ptep) ({ \
	struct vm_area_struct *pr_w_ = (vma); unsigned long pr_x_ = (addr); \
	pte_t pr_y_ = ptep_get_and_clear(pr_w_->vm_mm, pr_x_, ptep); \
	pr_flush_block(pr_w_->vm_mm, pr_x_, pr_x_ + PAGE_SIZE); pr_y_; \
})
