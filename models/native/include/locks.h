/* SPDX-License-Identifier: GPL-2.0-only */
/* Page-table locks, rmap locks, the mapping of page tables: logged; models/machine/locks.py says what was out of turn. */
#define SINGLE_DEPTH_NESTING 1

static inline void pr_lock(spinlock_t *ptl)
{
#ifdef PR_BARE
	pr->held |= ptl->bit;
#endif
}

static inline void pr_unlock(spinlock_t *ptl)
{
#ifdef PR_BARE
	pr_did(spin_unlock, ptl->lock, 0);
	if (!(pr->held & ptl->bit))
		pr_wrong(PR_UNLOCK_NOT_HELD);
	pr->held &= ~ptl->bit;
	for (u64 i = 0; i < PR_MOST_TABLES; i++)
		if (pr->stale[i])	/* word by word: a vector load waits for the words just stored */
			pr->stale_at_unlock[i] |= pr->stale[i];
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

/* The table that a PMD entry is of; a copy of an entry is taken for the first one's. */
static inline u64 pr_table_of_pmd(const pmd_t *pmd)
{
	u64 table = pmd - pr->pmds;

	return table < pr->nr_tables ? table : 0;
}

static inline pte_t *pr_offset_map(const pmd_t *pmd, unsigned long addr, spinlock_t **ptlp)
{
	const struct pr_table *table = &pr->tables[pr_table_of_pmd(pmd)];

	*ptlp = table->ptl;
	return table->maps ? table->pte + ((s64)(addr - table->base) >> PAGE_SHIFT) : NULL;
}

#define pr_mapped(name, table, addr) ({ pr_log(name, table, addr); pr_order(name, table); })

#define pte_offset_map_lock(mm, pmd, addr, ptlp) ({ \
	const pmd_t *pr_p_ = (pmd); unsigned long pr_m_ = (addr); \
	pte_t *pr_e_ = pr_offset_map(pr_p_, pr_m_, ptlp); \
	PR_LINE(); pr_mapped(pte_offset_map_lock, pr_table_of_pmd(pr_p_), pr_m_); \
	if (pr_e_) { pr_order(spin_lock, (*(ptlp))->lock); pr_lock(*(ptlp)); } \
	pr_e_; \
})
#define pte_offset_map_nolock(mm, pmd, addr, ptlp) ({ \
	const pmd_t *pr_p_ = (pmd); unsigned long pr_m_ = (addr); \
	PR_LINE(); pr_mapped(pte_offset_map_rw_nolock, pr_table_of_pmd(pr_p_), pr_m_); \
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
	u64 table = pr_slot(ptep);

	if (table >= pr->nr_tables || !pr_in_table(ptep)) {
		pr_wrong(PR_UNMAP_NO_TABLE);
		table = 0;
	}
	pr_mark(pte_unmap, table);
#else
	pr_log(pte_unmap, pr_number(ptep));
#endif
}
