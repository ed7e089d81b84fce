/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the tree's library and the function under review: the batch detection is logged, and predicates and setters
 * check what they are given. models/native/wrappers.py makes macros for both of the tree's own definitions.
 */
static inline bool pr_marker(bool is)
{
	if (is)
		pr_log(marker, 0), pr_path(PR_PATH_MARKER);
	return is;
}

static inline void pr_log_batch(const struct folio *folio, u64 addr, const pte_t *ptep, pte_t pte, s64 max_nr, u64 flags)
{
	pr_log(folio_pte_batch, folio_pfn(folio), addr, pr_number(ptep), pte_val(pte), max_nr, flags);
}

static inline void pr_log_batch_flags(const struct folio *folio, const pte_t *ptep, pte_t pte, s64 max_nr, u64 flags)
{
	pr_log(folio_pte_batch_flags, folio_pfn(folio), pr_number(ptep), pte_val(pte), max_nr, flags);
}

static inline unsigned int pr_batch_result(unsigned int nr)
{
	pr_log(result, nr);
	return nr;
}

static inline void pr_check_batch(const struct folio *folio, pte_t pte, s64 max_nr)
{
#ifdef PR_BARE
	const struct pr_folio *known = pr_folio_of(folio_pfn(folio));

	if (!pr_present(pte) || !known || !known->order || max_nr < 1 || pfn_folio(pr_pfn(pte)) != folio)
		pr_wrong(PR_BATCH_START);
#endif
}

#ifdef PR_HAS_pte_batch_hint
static inline unsigned int pr_pte_batch_hint(pte_t *ptep, pte_t pte)
{
	pr_log(pte_batch_hint, pr_number(ptep), pte_val(pte));
	return pte_batch_hint(ptep, pte);
}
#undef pte_batch_hint
#define pte_batch_hint(ptep, pte) ({ PR_LINE(); pr_pte_batch_hint(ptep, PR_A(pte)); })
#endif

#define vm_normal_folio(vma, addr, pte) ({ PR_LINE(); vm_normal_folio(vma, addr, PR_A(pte)); })
#define vm_normal_page(vma, addr, pte) ({ PR_LINE(); vm_normal_page(vma, addr, PR_A(pte)); })
