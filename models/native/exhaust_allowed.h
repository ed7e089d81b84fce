/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is surely allowed under a contract of harness/judging/contracts.py: each version by itself keeps accessed and
 * dirty, gains them only inside the folio, and leaves CONT in whole blocks.
 */
/*
 * What a call leaves. Tables, but of `dirty`, `young` and `cont`: entries in which an allowed difference is of that
 * kind. Of each sort of other differences, how many tables, and the smallest: fewest entries, then the first.
 */
struct totals { u64 at, equal, allowed, shared, differing, changed, sorts, dirty, young, cont, paths[4]; };
struct sort { u64 sort, count, entries, first; };

/* Which folio a page belongs to: its first page, or the page itself. */
static u64 folio_of(const struct pr_machine *m, u64 pfn)
{
	for (u64 i = 0; i < m->nr_folios; i++)
		if (pfn >= m->folios[i].pfn && pfn < m->folios[i].pfn + (1UL << m->folios[i].order))
			return m->folios[i].pfn;
	return pfn;
}

/* Accessed and dirty of everything in the tables before the call that maps a page of the same large folio. */
static u64 folio_ad(const struct side *side, u64 pfn)
{
	const struct pr_machine *m = side->m;
	u64 folio = folio_of(m, pfn), found = 0;

	if (folio_of(m, folio + 1) != folio)
		return 0;
	for (u64 i = first_used; i < end_used; i++)
		if (folio_of(m, side->frame(old_image[i])) == folio)
			found |= side->kind(old_image[i]);
	for (u64 i = 0; new_used && i < m->size; i++)
		if (folio_of(m, side->frame(new_image[i])) == folio)
			found |= side->kind(new_image[i]);
	return found & PR_IS_AD;
}

/* Whether entry `at` of the new table is one that something moves to; and if so, from where in the old table. */
static bool is_moved(const struct pr_machine *m, u64 at, u64 *from)
{
	u64 moved = at - (m->new_addr - m->new_base) / PAGE_SIZE;

	*from = moved + (m->old_addr - m->old_base) / PAGE_SIZE;
	return moved < m->extent / PAGE_SIZE;
}

/* Accessed and dirty, before the call, of what belongs at `at`: of its entry, or the whole contpte block of that. */
static u64 ad_before(const struct side *side, bool new, u64 at)
{
	const struct pr_machine *m = side->m;
	const u64 *image = new && !m->one_table ? new_image : old_image;
	u64 from, found;

	if (new && is_moved(m, at, &from)) {
		image = old_image;
		at = from;
	}
	found = side->kind(image[at]);
	if (found & PR_IS_CONT)
		for (u64 j = at & -m->cont_ptes, k = 0; k < m->cont_ptes; j++, k++)
			found |= side->kind(image[j]);
	return found & PR_IS_AD;
}

/* Valid CONT entries stand in whole, aligned, uniform blocks of one folio. */
static bool cont_whole(const struct side *side, const pte_t *table)
{
	const struct pr_machine *m = side->m;

	for (u64 block = 0; conts && block < m->size; block += m->cont_ptes) {
		u64 set = 0, pfn = side->frame(table[block].pte), plain = side->plain(table[block].pte);

		for (u64 i = 0; i < m->cont_ptes; i++)
			set += !!(side->kind(table[block + i].pte) & PR_IS_CONT);
		if (!set)
			continue;
		if (set != m->cont_ptes || pfn % m->cont_ptes || folio_of(m, pfn) != folio_of(m, pfn + m->cont_ptes - 1))
			return false;
		for (u64 i = 1; i < m->cont_ptes; i++)
			if (side->frame(table[block + i].pte) != pfn + i ||
			    (side->plain(table[block + i].pte) ^ plain) & ~(((1UL << 50) - 1) & PAGE_MASK))
				return false;
	}
	return true;
}

/* What the present entry at `at` lost of accessed and dirty, and above that what it gained beyond its folio. */
static u64 ad_breach(const struct side *side, bool new, u64 at, u64 value)
{
	u64 ad = side->kind(value) & PR_IS_AD, before = ad_before(side, new, at);

	return (before & ~ad) / PR_IS_YOUNG | (ad & ~before & ~folio_ad(side, side->frame(value))) / PR_IS_YOUNG << 2;
}

/*
 * Whether an entry of the new table that the other version left otherwise keeps within what the contract allows: what
 * was to move there. Elsewhere accessed and dirty may hardly change, and the judge says which.
 */
static bool entry_allowed(const struct side *side, u64 at, u64 value, bool exact)
{
	u64 kind = side->kind(value), from;

	if (!(kind & PR_IS_PRESENT) || kind & PR_IS_CONT_INVALID)
		return false;
	if (exact)
		return true;
	return is_moved(side->m, at, &from) && side->kind(old_image[from]) & PR_IS_PRESENT &&
	       side->frame(old_image[from]) == side->frame(value) && !ad_breach(side, true, at, value);
}

/* Whether two new tables differ in nothing but what the contract allows. */
static bool tables_allowed(struct totals *totals, const pte_t *x, const pte_t *y, u64 size, bool exact)
{
	u64 may_differ = exact ? PR_IS_CONT : PR_IS_AD | PR_IS_CONT;

	for (u64 i = 0; i < size; i++) {
		u64 differs;

		if (x[i].pte == y[i].pte)
			continue;
		differs = sides[0].kind(x[i].pte) ^ sides[1].kind(y[i].pte);
		if (differs & ~may_differ || sides[0].plain(x[i].pte) != sides[1].plain(y[i].pte))
			return false;
		if (!entry_allowed(&sides[0], i, x[i].pte, exact) || !entry_allowed(&sides[1], i, y[i].pte, exact))
			return false;
		totals->dirty += !!(differs & PR_IS_DIRTY);
		totals->young += !!(differs & PR_IS_YOUNG);
		totals->cont += !!(differs & PR_IS_CONT);
	}
	return true;
}

static bool allowed(struct totals *totals, bool exact)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;

	if (!alike(&sides[0], &sides[1]) || !clean(&sides[0]))
		return false;
	if (!x->one_table && memcmp(x->old_table, y->old_table, x->size * sizeof(pte_t)))
		return false;
	/* Of one table new_table is another name. */
	return tables_allowed(totals, x->new_table, y->new_table, x->size, exact) && cont_whole(&sides[0], x->new_table) &&
	       cont_whole(&sides[1], y->new_table) && cont_whole(&sides[0], x->old_table);
}
