/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From here on the primitives that the tree defined are logged under their kernel names before they run. What they do
 * among themselves is above this line and logs raw accesses only.
 */
#ifdef PR_ARM64
#ifdef PR_HAS_pgattr_change_is_safe
#define pr_is_safe(old, new) pgattr_change_is_safe(old, new)
#else
#define pr_is_safe(old, new) true
#endif

/* With CONFIG_DEBUG_VM: warns of a change that a live entry must not take, as models/machine/contpte.py does. */
static inline void pr_check_safe(const pte_t *ptep, pte_t pte)
{
	u64 old = ptep->pte, new = pte.pte;

#ifdef PR_BARE
	if (!pr_config(DEBUG_VM) || likely(!(old & new & PR_VALID)))
		return;
	if (!pr_young(pte))
		pr_wrong(PR_RACY_YOUNG);
	if (pr_write(*ptep) && !pr_dirty(pte))
		pr_wrong(PR_RACY_DIRTY);
	if (!pr_is_safe(old, new))
		pr_wrong(PR_UNSAFE_CHANGE);
#else
	pr_log(check_safe_pte_update, pr_number(ptep), pte_val(pte), pr_is_safe(old, new));
#endif
}
#endif

#ifdef PR_BARE
static inline void pr_place(const struct mm_struct *mm, u64 addr, const pte_t *ptep)
{
	const struct pr_table *table;

	pr_check_bounds(ptep);
	table = &pr->tables[pr_table_at(ptep)];
	if (unlikely(mm != table->mm || addr != pr_va_in(table, ptep)))
		pr_wrong(PR_OTHER_PLACE);
}

static inline u64 pr_peek(const pte_t *ptep)
{
	pr_check_bounds(ptep);
	return ptep->pte;
}

/* `range` and `pages` are what is wrong then: each primitive has messages of its own. */
static inline void pr_check_clear(const pte_t *ptep, int nr, enum pr_wrong_how range, enum pr_wrong_how pages)
{
	pte_t first;
	const struct pr_folio *folio;

	if (nr == 1)
		return;
	pr_path(PR_PATH_BATCH);
	first = __pte(pr_peek(ptep));
	folio = pr_present(first) ? pr_folio_of(pr_pfn(first)) : NULL;
	if (nr < 1 || !folio || pr_pfn(first) + nr > folio->pfn + (1UL << folio->order))
		pr_wrong(range);
	for (int i = 1; i < nr; i++) {
		pte_t pte = __pte(pr_peek(ptep + i));

		if (!pr_present(pte) || pr_pfn(pte) != pr_pfn(first) + i)
			pr_wrong(pages);
	}
}

static inline void pr_check_set(const pte_t *ptep, pte_t pte, int nr, enum pr_wrong_how value, enum pr_wrong_how target)
{
	if (nr == 1)
		return;
	pr_path(PR_PATH_BATCH);
	if (nr < 1 || !pr_present(pte))
		pr_wrong(value);
	for (int i = 0; i < nr; i++)
		if (pr_present(__pte(pr_peek(ptep + i))))
			pr_wrong(target);
}
#else
#define pr_place(mm, addr, ptep) ((void)0)
#define pr_check_clear(ptep, nr, range, pages) ((void)0)
#define pr_check_set(ptep, pte, nr, value, target) ((void)0)
#endif

#ifdef PR_HAS_ptep_get
static inline pte_t pr_ptep_get(pte_t *ptep)
{
	pr_log(ptep_get, pr_number(ptep));
	return ptep_get(ptep);
}
#undef ptep_get
#define ptep_get(ptep) ({ PR_LINE(); pr_ptep_get(ptep); })
#endif

#ifdef PR_HAS_ptep_get_and_clear
static inline pte_t pr_ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pr_log(ptep_get_and_clear, addr, pr_number(ptep), pr_mm(mm));
	pr_place(mm, addr, ptep);
	return ptep_get_and_clear(mm, addr, ptep);
}
#undef ptep_get_and_clear
#define ptep_get_and_clear(mm, addr, ptep) ({ PR_LINE(); pr_ptep_get_and_clear(mm, addr, ptep); })
#undef ptep_clear
#define ptep_clear(mm, addr, ptep) ((void)ptep_get_and_clear(mm, addr, ptep))
#endif

#ifdef PR_HAS_get_and_clear_full_ptes
static inline pte_t pr_get_and_clear_full_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, unsigned int nr,
					       int full)
{
	pr_log(get_and_clear_full_ptes, addr, pr_number(ptep), (s64)(int)nr, full, pr_mm(mm));
	pr_place(mm, addr, ptep);
	if (unlikely(full))
		pr_wrong(PR_FULL);
	pr_check_clear(ptep, nr, PR_CLEAR_RANGE, PR_CLEAR_PAGES);
	return get_and_clear_full_ptes(mm, addr, ptep, nr, full);
}
#undef get_and_clear_full_ptes
#define get_and_clear_full_ptes(mm, addr, ptep, nr, full) \
	({ PR_LINE(); pr_get_and_clear_full_ptes(mm, addr, ptep, PR_COUNT(nr), full); })
#undef get_and_clear_ptes
#define get_and_clear_ptes(mm, addr, ptep, nr) get_and_clear_full_ptes(mm, addr, ptep, nr, 0)
#endif

#ifdef PR_HAS_ptep_modify_prot_start
static inline pte_t pr_ptep_modify_prot_start(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pr_log(ptep_modify_prot_start, addr, pr_number(ptep), pr_mm(vma->vm_mm));
	pr_place(vma->vm_mm, addr, ptep);
	return ptep_modify_prot_start(vma, addr, ptep);
}

static inline void pr_ptep_modify_prot_commit(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t old_pte,
					      pte_t pte)
{
	pr_log(ptep_modify_prot_commit, addr, pr_number(ptep), pte_val(old_pte), pte_val(pte), pr_mm(vma->vm_mm));
	pr_place(vma->vm_mm, addr, ptep);
	ptep_modify_prot_commit(vma, addr, ptep, old_pte, pte);
}
#undef ptep_modify_prot_start
#define ptep_modify_prot_start(vma, addr, ptep) ({ PR_LINE(); pr_ptep_modify_prot_start(vma, addr, ptep); })
#undef ptep_modify_prot_commit
#define ptep_modify_prot_commit(vma, addr, ptep, old_pte, pte) \
	({ PR_LINE(); pr_ptep_modify_prot_commit(vma, addr, ptep, PR_A(old_pte), PR_A(pte)); })
#endif

#ifdef PR_HAS_modify_prot_start_ptes
static inline pte_t pr_modify_prot_start_ptes(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
					      unsigned int nr)
{
	pr_log(modify_prot_start_ptes, addr, pr_number(ptep), (s64)(int)nr, pr_mm(vma->vm_mm));
	pr_place(vma->vm_mm, addr, ptep);
	pr_check_clear(ptep, nr, PR_START_RANGE, PR_START_PAGES);
	return modify_prot_start_ptes(vma, addr, ptep, nr);
}

static inline void pr_modify_prot_commit_ptes(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t old_pte,
					      pte_t pte, unsigned int nr)
{
	pr_log(modify_prot_commit_ptes, addr, pr_number(ptep), pte_val(old_pte), pte_val(pte), (s64)(int)nr,
	       pr_mm(vma->vm_mm));
	pr_place(vma->vm_mm, addr, ptep);
	pr_check_set(ptep, pte, nr, PR_COMMIT_VALUE, PR_COMMIT_TARGET);
	modify_prot_commit_ptes(vma, addr, ptep, old_pte, pte, nr);
}
#undef modify_prot_start_ptes
#define modify_prot_start_ptes(vma, addr, ptep, nr) ({ PR_LINE(); pr_modify_prot_start_ptes(vma, addr, ptep, PR_COUNT(nr)); })
#undef modify_prot_commit_ptes
#define modify_prot_commit_ptes(vma, addr, ptep, old_pte, pte, nr) \
	({ PR_LINE(); pr_modify_prot_commit_ptes(vma, addr, ptep, PR_A(old_pte), PR_A(pte), PR_COUNT(nr)); })
#endif

#ifdef PR_HAS_pte_clear
static inline void pr_pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pr_log(pte_clear, addr, pr_number(ptep), pr_mm(mm));
	pr_place(mm, addr, ptep);
	pte_clear(mm, addr, ptep);
}
#undef pte_clear
#define pte_clear(mm, addr, ptep) ({ PR_LINE(); pr_pte_clear(mm, addr, ptep); })
#endif

#ifdef PR_HAS_set_ptes
static inline void pr_set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte, unsigned int nr)
{
	pr_log(set_ptes, addr, pr_number(ptep), pte_val(pte), (s64)(int)nr, pr_mm(mm));
	pr_place(mm, addr, ptep);
	pr_check_set(ptep, pte, nr, PR_SET_VALUE, PR_SET_TARGET);
	set_ptes(mm, addr, ptep, pte, nr);
}

static inline void pr_set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	pr_log(set_pte_at, addr, pr_number(ptep), pte_val(pte), pr_mm(mm));
	pr_place(mm, addr, ptep);
	set_ptes(mm, addr, ptep, pte, 1);
}
#undef set_ptes
#define set_ptes(mm, addr, ptep, pte, nr) ({ PR_LINE(); pr_set_ptes(mm, addr, ptep, PR_A(pte), PR_COUNT(nr)); })
#undef set_pte_at
#define set_pte_at(mm, addr, ptep, pte) ({ PR_LINE(); pr_set_pte_at(mm, addr, ptep, PR_A(pte)); })
#endif

/* What reads a local: the end of the run if it is one that was never assigned. */
#define PR_POISON 0x5a3c96e1d7b40f28UL
#define PR_MOST_LOCALS 64
#ifdef PR_BARE
#define pr_initial(id) (PR_POISON + (id))
#define PR_AGAIN(local, id) PR_INIT(local, id)

static inline void pr_check_assigned(u64 value, u64 line)
{
	if (unlikely(value - PR_POISON < PR_MOST_LOCALS))
		pr_end(PR_UNASSIGNED);
}
#else
#define PR_AGAIN(local, id) ({ if (!pr->stack) PR_INIT(local, id); })

static inline u64 pr_initial(u64 id)
{
	return pr->stack == 1 ? 0 : pr->stack == 2 ? 0xaaaaaaaaaaaaaaaaUL : PR_POISON + id;
}

static inline void pr_check_assigned(u64 value, u64 line)
{
	if (unlikely(value - PR_POISON < PR_MOST_LOCALS) && (!pr->stack || pr->stack == 3)) {
		pr->variable = value - PR_POISON;
		*pr->line = line;
		pr_end(PR_UNASSIGNED);
	}
}
#endif

#define PR_A(x) ({ pte_t pr_v_ = (x); pr_check_assigned(pr_v_.pte, __LINE__); pr_v_; })
#define PR_COUNT(nr) ({ __auto_type pr_n_ = (nr); if ((u32)pr_n_ - (u32)PR_POISON < PR_MOST_LOCALS) \
	pr_check_assigned((u64)(u32)pr_n_ - (u32)PR_POISON + PR_POISON, __LINE__); pr_n_; })
/* Of a scalar of any size, and an entry: its first value, and that of every pass of the loop. */
#define PR_INIT(local, id) ({ u64 pr_i_ = pr_initial(id); (local) = *(__typeof__(local) *)&pr_i_; })
