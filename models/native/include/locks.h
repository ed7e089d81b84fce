/* SPDX-License-Identifier: GPL-2.0-only */
/* Page-table locks, rmap locks, the mapping of page tables: logged; models/machine/locks.py says what was out of turn. */
#define SINGLE_DEPTH_NESTING 1

static inline void pr_lock(spinlock_t *ptl)
{
#ifdef PR_BARE
	pr->held |= 1UL << (ptl - pr->ptls);
#endif
}

static inline void pr_unlock(spinlock_t *ptl)
{
#ifdef PR_BARE
	pr_did(spin_unlock, ptl->lock, 0);
	if (!(pr->held & 1UL << (ptl - pr->ptls)))
		pr_wrong(PR_UNLOCK_NOT_HELD);
	pr->held &= ~(1UL << (ptl - pr->ptls));
	pr->stale_at_unlock[0] |= pr->stale[0];
	pr->stale_at_unlock[1] |= pr->stale[1];
#endif
}

#define spin_lock(ptl) ({ spinlock_t *pr_l_ = (ptl); PR_LINE(); pr_mark(spin_lock, pr_l_->lock); pr_lock(pr_l_); })
#define spin_lock_nested(ptl, subclass) \
	({ spinlock_t *pr_l_ = (ptl); PR_LINE(); pr_mark(spin_lock_nested, pr_l_->lock); pr_lock(pr_l_); })
#define spin_unlock(ptl) ({ spinlock_t *pr_l_ = (ptl); PR_LINE(); pr_mark(spin_unlock, pr_l_->lock); pr_unlock(pr_l_); })

#define i_mmap_lock_write(mapping) ({ (void)(mapping); PR_LINE(); pr_mark(i_mmap_lock_write, 3); })
#define i_mmap_unlock_write(mapping) ({ (void)(mapping); PR_LINE(); pr_mark(i_mmap_unlock_write, 3); })
#define anon_vma_lock_write(anon_vma) ({ (void)(anon_vma); PR_LINE(); pr_mark(anon_vma_lock_write, 4); })
#define anon_vma_unlock_write(anon_vma) ({ (void)(anon_vma); PR_LINE(); pr_mark(anon_vma_unlock_write, 4); })

static inline bool pr_is_new(const pmd_t *pmd) { return pmd == &pr->pmds[1]; }
static inline spinlock_t *pr_ptl(bool new)
{
	if (!new || pr->one_table || !pr->split_ptlocks)
		return &pr->ptls[1];
	return &pr->ptls[pr->new_addr > pr->old_addr ? 2 : 0];
}

static inline pte_t *pr_entry(const pmd_t *pmd, unsigned long addr)
{
	bool new = pr_is_new(pmd);

	if (!(new ? pr->new_maps : pr->old_maps))
		return NULL;
	return new ? pr->new_table + ((s64)(addr - pr->new_base) >> PAGE_SHIFT)
		   : pr->old_table + ((s64)(addr - pr->old_base) >> PAGE_SHIFT);
}

static inline pte_t *pr_offset_map(const pmd_t *pmd, unsigned long addr, spinlock_t **ptlp)
{
	*ptlp = pr_ptl(pr_is_new(pmd));
	return pr_entry(pmd, addr);
}

#define pr_mapped(name, new, addr) ({ pr_log(name, new, addr); pr_order(name, new); })

#define pte_offset_map_lock(mm, pmd, addr, ptlp) ({ \
	const pmd_t *pr_p_ = (pmd); unsigned long pr_m_ = (addr); \
	pte_t *pr_e_ = pr_offset_map(pr_p_, pr_m_, ptlp); \
	PR_LINE(); pr_mapped(pte_offset_map_lock, pr_is_new(pr_p_), pr_m_); \
	if (pr_e_) { pr_order(spin_lock, (*(ptlp))->lock); pr_lock(*(ptlp)); } \
	pr_e_; \
})
#define pte_offset_map_nolock(mm, pmd, addr, ptlp) ({ \
	const pmd_t *pr_p_ = (pmd); unsigned long pr_m_ = (addr); \
	PR_LINE(); pr_mapped(pte_offset_map_rw_nolock, pr_is_new(pr_p_), pr_m_); \
	pr_offset_map(pr_p_, pr_m_, ptlp); \
})
#define pte_offset_map_ro_nolock(mm, pmd, addr, ptlp) pte_offset_map_nolock(mm, pmd, addr, ptlp)
#define pte_offset_map_rw_nolock(mm, pmd, addr, pmdvalp, ptlp) \
	({ *(pmdvalp) = *(pmd); pte_offset_map_nolock(mm, pmd, addr, ptlp); })

#define pte_unmap(ptep) ({ const pte_t *pr_u_ = (ptep); PR_LINE(); pr_unmap(pr_u_); })
#define pte_unmap_unlock(ptep, ptl) do { spinlock_t *pr_k_ = (ptl); const pte_t *pr_q_ = (ptep); spin_unlock(pr_k_); \
	pte_unmap(pr_q_); } while (0)

static inline void pr_unmap(const pte_t *ptep)
{
#ifdef PR_BARE
	bool old = (u64)(ptep - pr->old_table) < pr->size, new = (u64)(ptep - pr->new_table) < pr->size;

	if (!old && !new)
		pr_wrong(PR_UNMAP_NO_TABLE);
	pr_mark(pte_unmap, old && !pr->one_table);
#else
	pr_log(pte_unmap, pr_number(ptep));
#endif
}
