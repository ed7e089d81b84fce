/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the tree's library and the function under review: predicates and setters check what they are given, and the
 * batch detection is logged: models/native/translation_unit.py:_batch_wrapper() makes a macro of the tree's signature.
 */
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

	if (!pte_present(pte) || !known || !known->order || max_nr < 1 || pfn_folio(pte_pfn(pte)) != folio)
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

#ifdef PR_ARM64
static inline int pr_pte_none(pte_t pte) { return pte_none(pte); }
#undef pte_none
#define pte_none(pte) pr_pte_none(PR_A(pte))
#undef pte_mkwrite
#define pte_mkwrite(pte, vma) ((void)(vma), (pte_mkwrite_novma)(PR_A(pte)))
#else
#define pte_none(pte) pte_none(PR_A(pte))
#define pte_mkwrite(pte, vma) pte_mkwrite(PR_A(pte), vma)
#endif
#define pte_present(pte) pte_present(PR_A(pte))
#define pte_protnone(pte) pte_protnone(PR_A(pte))
#define pte_write(pte) pte_write(PR_A(pte))
#define pte_dirty(pte) pte_dirty(PR_A(pte))
#define pte_young(pte) pte_young(PR_A(pte))
#define pte_special(pte) pte_special(PR_A(pte))
#define pte_soft_dirty(pte) pte_soft_dirty(PR_A(pte))
#define pte_uffd_wp(pte) pte_uffd_wp(PR_A(pte))
#define pte_pfn(pte) pte_pfn(PR_A(pte))
#define pte_same(a, b) pte_same(PR_A(a), PR_A(b))
#define pte_mkdirty(pte) pte_mkdirty(PR_A(pte))
#define pte_mkclean(pte) pte_mkclean(PR_A(pte))
#define pte_mkyoung(pte) pte_mkyoung(PR_A(pte))
#define pte_mkold(pte) pte_mkold(PR_A(pte))
#define pte_mkwrite_novma(pte) pte_mkwrite_novma(PR_A(pte))
#define pte_wrprotect(pte) pte_wrprotect(PR_A(pte))
#define pte_mksoft_dirty(pte) pte_mksoft_dirty(PR_A(pte))
#define pte_clear_soft_dirty(pte) pte_clear_soft_dirty(PR_A(pte))
#define pte_mkuffd_wp(pte) pte_mkuffd_wp(PR_A(pte))
#define pte_clear_uffd_wp(pte) pte_clear_uffd_wp(PR_A(pte))
#undef pte_advance_pfn
#define pte_advance_pfn(pte, nr) pte_advance_pfn(PR_A(pte), nr)
#define is_swap_pte(pte) is_swap_pte(PR_A(pte))
#define is_pte_marker(pte) is_pte_marker(PR_A(pte))
#define pte_marker_uffd_wp(pte) pte_marker_uffd_wp(PR_A(pte))
#define pte_to_swp_entry(pte) pte_to_swp_entry(PR_A(pte))
#define pte_swp_exclusive(pte) pte_swp_exclusive(PR_A(pte))
#define pte_swp_soft_dirty(pte) pte_swp_soft_dirty(PR_A(pte))
#define pte_swp_mksoft_dirty(pte) pte_swp_mksoft_dirty(PR_A(pte))
#define pte_swp_clear_soft_dirty(pte) pte_swp_clear_soft_dirty(PR_A(pte))
#define pte_swp_uffd_wp(pte) pte_swp_uffd_wp(PR_A(pte))
#define pte_swp_mkuffd_wp(pte) pte_swp_mkuffd_wp(PR_A(pte))
#define pte_swp_clear_uffd_wp(pte) pte_swp_clear_uffd_wp(PR_A(pte))
#undef move_pte
#define move_pte(pte, from, to) PR_A(pte)
#define vm_normal_folio(vma, addr, pte) ({ PR_LINE(); vm_normal_folio(vma, addr, PR_A(pte)); })
#define vm_normal_page(vma, addr, pte) ({ PR_LINE(); vm_normal_page(vma, addr, PR_A(pte)); })
