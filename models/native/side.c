/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For harness/exhaust/c: one side of a pair, run on table after table that differ in their entries alone; and what it makes
 * of an entry. Comes behind run.c.
 */
struct pr_machine *pr_side(const u64 *request)
{
	if (pr_prepare(request))
		return NULL;
	for (u64 i = 0; i < pr->nr_tables; i++)
		pr_fill_front(pr->tables[i].pte);
	return pr;
}

#ifdef PR_BARE
typedef u64 pr_words __attribute__((vector_size(16), may_alias));

/* As pr_check_front(), but only as far in front as the table is long: this is done after every run. */
static inline void pr_check_near(u64 table)
{
	const pte_t *first = (const pte_t *)(pr_first + (table << PR_SHIFT));
	u64 room = (u64)first & ~PAGE_MASK, bytes = room < pr_table_bytes ? room : pr_table_bytes;
	pr_words differs = { 0 };

	for (const pr_words *at = (const pr_words *)((u64)first - bytes); at < (const pr_words *)first; at++)
		differs |= *at ^ (pr_words) { PR_FILLING, PR_FILLING };
	if (likely(!(differs[0] | differs[1])))
		return;
	pr_fill_front((pte_t *)first);
	if (pr->ended == PR_RETURNED)
		pr->ended = PR_OVERRUN;
}

/* The entries at which a TLB may hold, when the run is over, what they do not allow: harness/judging/translations.py. */
static inline u64 pr_outlived(u64 table)
{
	u64 outlived = 0;

	for (u64 stale = pr->stale[table]; stale; stale &= stale - 1) {
		u64 i = __builtin_ctzl(stale);

		if (!pr_forgives(__pte(pr->cached[table][i]), *((pte_t *)(pr_first + (table << PR_SHIFT)) + i)))
			outlived |= 1UL << i;
		else if (pr->more[table] & 1UL << i)
			pr_wrong(PR_MANY_CACHED);
	}
	return outlived;
}
#endif

s64 pr_side_run(void)
{
	s64 returned;

#ifdef PR_BARE
	if (pr_config(PAGE_TABLE_CHECK))
		pr_count_tables();
#endif
	returned = pr_run_once();
#ifdef PR_BARE
	for (u64 i = 0; i < pr->nr_tables; i++)
		pr_check_near(i);
	if (pr_config(PAGE_TABLE_CHECK))
		pr->counts = pr_count_sum();
	for (u64 i = 0; i < pr->nr_tables && PR_FLUSHED != PR_AT_UNLOCK; i++)
		pr->stale_at_unlock[i] = PR_FLUSHED == PR_AT_RETURN ? pr_outlived(i) : 0;
	pr->wrong &= ~pr->no_breach;
#endif
	return returned;
}

/*
 * A present entry without what may differ between two that are compared further: accessed, dirty, and CONT of a valid
 * one. Set in an invalid one it is a difference.
 */
u64 pr_plain(u64 value)
{
	pte_t pte = __pte(value);

	if (!pr_present(pte))
		return value;
#ifdef PR_ARM64
	value &= ~(PR_YOUNG | PR_DIRTY | (pr_valid(pte) ? PR_CONT : 0));
	return value & PR_WRITE ? value & ~PR_RDONLY : value;
#else
	return value & ~(PR_YOUNG | PR_DIRTY | PR_SAVED_DIRTY);
#endif
}

/* The pr_is bits of an entry. */
u64 pr_kind(u64 value)
{
	pte_t pte = __pte(value);
	u64 kind = pr_none(pte) ? PR_IS_NONE : 0;

	if (!pr_present(pte)) {
		if (pr_swap(pte))
			kind |= (pr_swp_uffd_wp(pte) ? PR_IS_UFFD_WP : 0) | (pr_swp_soft_dirty(pte) ? PR_IS_SOFT_DIRTY : 0);
		return kind;
	}
	kind |= (pr_uffd_wp(pte) ? PR_IS_UFFD_WP : 0) | (pr_soft_dirty(pte) ? PR_IS_SOFT_DIRTY : 0);
	kind |= PR_IS_PRESENT | (pr_young(pte) ? PR_IS_YOUNG : 0) | (pr_dirty(pte) ? PR_IS_DIRTY : 0);
	kind |= (pr_write(pte) ? PR_IS_WRITE : 0) | (pr_valid(pte) ? PR_IS_VALID : 0);
#ifdef PR_ARM64
	kind |= !pr_cont(pte) ? 0 : pr_valid(pte) ? PR_IS_CONT : PR_IS_CONT_INVALID;
#endif
	return kind;
}

u64 pr_frame(u64 value)
{
	return pr_pfn(__pte(value));
}
