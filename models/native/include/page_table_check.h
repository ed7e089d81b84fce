/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_table_check, as models/machine/page_table_check.py has it. Logged runs leave the counting to that; bare runs
 * count here, pages of low frames only: what they do not know is wrong, and goes to the judge in Python.
 */
#ifdef PR_BARE
static s32 pr_counts[PR_LOW_PAGES][2];	/* of anon and of file mappings */
static u16 pr_touched[PR_LOW_PAGES];
static bool pr_listed[PR_LOW_PAGES];
static u64 pr_nr_touched;

static inline s32 *pr_count_of(u64 pfn)
{
	if (!pr_listed[pfn]) {
		pr_listed[pfn] = true;
		pr_touched[pr_nr_touched++] = pfn;
	}
	return pr_counts[pfn];
}

static inline bool pr_counted(pte_t pte)
{
	if (!pr_user_accessible(pte) || (pr_config(SKIPS_SPECIAL) && pr_special(pte)))
		return false;
	if (pr_pfn(pte) < PR_LOW_PAGES)
		return true;
	pr_wrong(PR_UNCOUNTED_PAGE);
	return false;
}

static inline bool pr_is_anon(u64 pfn)
{
	const struct pr_folio *folio = pr_folio_of(pfn);

	return folio && folio->anon;
}

static inline void pr_count_clear(pte_t pte)
{
	u64 pfn = pr_pfn(pte);
	bool file;
	s32 *count;

	if (!pr_counted(pte))
		return;
	file = !pr_is_anon(pfn);
	count = pr_count_of(pfn);
	if (count[!file])
		pr_wrong(PR_TWO_TYPES);
	if (--count[file] < 0)
		pr_wrong(PR_COUNT_BELOW_0);
}

static inline void pr_count_set(const pte_t *ptep, pte_t pte, unsigned int nr)
{
	if (pr_present(pte) ? pr_uffd_wp(pte) && pr_write(pte)
			     : pr_swap(pte) && pr_swp_uffd_wp(pte) && pr_cached_writable(pte))
		pr_wrong(PR_UFFD_WP_WRITABLE);
	for (unsigned int i = 0; i < nr; i++) {
		pr_check_bounds(ptep + i);
		pr_count_clear(ptep[i]);
	}
	if (!pr_counted(pte))
		return;
	for (u64 pfn = pr_pfn(pte); pfn < pr_pfn(pte) + nr && pfn < PR_LOW_PAGES; pfn++) {
		bool file = !pr_is_anon(pfn);
		s32 *count = pr_count_of(pfn);

		if (count[!file])
			pr_wrong(PR_TWO_TYPES);
		if (++count[file] > 1 && !file && pr_write(pte))
			pr_wrong(PR_MAPPED_WRITABLE_TWICE);
	}
}

/* Count what the tables hold before the run; and what is counted behind it, in one number. */
static inline void pr_count_tables(void)
{
	for (u64 i = 0; i < pr_nr_touched; i++) {
		pr_counts[pr_touched[i]][0] = pr_counts[pr_touched[i]][1] = 0;
		pr_listed[pr_touched[i]] = false;
	}
	pr_nr_touched = 0;
	for (u64 t = 0; t < pr->nr_tables; t++)
		for (u64 i = 0; i < pr->size; i++) {
			pte_t pte = pr->tables[t].pte[i];

			if (pte.pte && pr_counted(pte))
				pr_count_of(pr_pfn(pte))[!pr_is_anon(pr_pfn(pte))]++;
		}
}

static inline u64 pr_count_sum(void)
{
	u64 sum = 0;

	for (u64 i = 0; i < pr_nr_touched; i++) {
		u64 pfn = pr_touched[i], counts = (u64)(u32)pr_counts[pfn][0] << 32 | (u32)pr_counts[pfn][1];

		if (counts)	/* in whatever order they were touched */
			sum += (counts ^ pfn * 0x9e3779b97f4a7c15UL) * (counts * 2 + 1);
	}
	return sum;
}
#endif

static inline void pr_check_clear_of(struct mm_struct *mm, pte_t pte)
{
#ifdef PR_BARE
	if (pr_config(PAGE_TABLE_CHECK))
		pr_count_clear(pte);
#else
	pr_log(page_table_check_pte_clear, pte_val(pte));
#endif
}

static inline void pr_check_set_of(struct mm_struct *mm, const pte_t *ptep, pte_t pte, unsigned int nr)
{
#ifdef PR_BARE
	if (pr_config(PAGE_TABLE_CHECK))
		pr_count_set(ptep, pte, nr);
#else
	pr_log(page_table_check_ptes_set, pr_number(ptep), pte_val(pte), nr);
#endif
}

/* Some kernels have an address behind the mm. */
#define PR_BY_COUNT(_1, _2, _3, _4, _5, name, ...) name
#define pr_check_clear_at(mm, addr, pte) pr_check_clear_of(mm, pte)
#define pr_check_set_at(mm, addr, ptep, pte, nr) pr_check_set_of(mm, ptep, pte, nr)
#define page_table_check_pte_clear(...) \
	PR_BY_COUNT(__VA_ARGS__, 0, 0, pr_check_clear_at, pr_check_clear_of, 0)(__VA_ARGS__)
#define page_table_check_ptes_set(...) PR_BY_COUNT(__VA_ARGS__, pr_check_set_at, pr_check_set_of, 0)(__VA_ARGS__)
#define page_table_check_pmd_clear(...) ((void)0)
#define page_table_check_pud_clear(...) ((void)0)
#define page_table_check_pmds_set(...) ((void)0)
#define page_table_check_puds_set(...) ((void)0)
