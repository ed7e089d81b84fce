/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is surely allowed under a contract of harness/judging/contracts.py: each version by itself keeps accessed and
 * dirty, gains them only inside the folio, and leaves CONT in whole blocks.
 */
/*
 * What a call leaves: counts of cases, but of `dirty`, `young` and `cont` of entries in which an allowed difference is of
 * that kind. Of each group of other differences, how many cases, and the smallest: fewest entries, then the first.
 */
struct totals { u64 at, equal, allowed, shared, differing, changed, groups, dirty, young, cont, paths[4]; };
struct group { u64 group, count, entries, first; };

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
		if (folio_of(m, side->frame(images[0][i])) == folio)
			found |= side->kind(images[0][i]);
	for (u64 t = 1; others_used && t < m->nr_tables; t++)
		for (u64 i = 0; i < m->size; i++)
			if (folio_of(m, side->frame(images[t][i])) == folio)
				found |= side->kind(images[t][i]);
	return found & PR_IS_AD;
}

/* Where what belongs into an entry stands before the call, as the promise has it: table and entry. */
struct origin { bool wanted; u8 table, entry; };
static struct origin comes_from[PR_MOST_TABLES][MOST_ENTRIES];
static bool has_wanted[PR_MOST_TABLES];	/* whether anything is wanted in the table */

/* Accessed and dirty, before the call, of what belongs at `at`: of its entry, or the whole contpte block of that. */
static u64 ad_before(const struct side *side, u64 table, u64 at)
{
	const struct pr_machine *m = side->m;
	const struct origin *origin = &comes_from[table][at];
	const u64 *image = images[origin->wanted ? origin->table : table];
	u64 found;

	if (origin->wanted)
		at = origin->entry;
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
static u64 ad_breach(const struct side *side, u64 table, u64 at, u64 value)
{
	u64 ad = side->kind(value) & PR_IS_AD, before = ad_before(side, table, at);

	return (before & ~ad) / PR_IS_YOUNG | (ad & ~before & ~folio_ad(side, side->frame(value))) / PR_IS_YOUNG << 2;
}

/*
 * Whether an entry that the other version left otherwise keeps within what the contract allows: what is wanted there.
 * Elsewhere accessed and dirty may hardly change, and the judge says which.
 */
static bool entry_allowed(const struct side *side, u64 table, u64 at, u64 value, bool exact)
{
	const struct origin *origin = &comes_from[table][at];
	u64 kind = side->kind(value), before = images[origin->table][origin->entry];

	if (!(kind & PR_IS_PRESENT) || kind & PR_IS_CONT_INVALID)
		return false;
	if (exact)
		return true;
	return origin->wanted && side->kind(before) & PR_IS_PRESENT && side->frame(before) == side->frame(value) &&
	       !ad_breach(side, table, at, value);
}

/* Whether two tables differ in nothing but what the contract allows. */
static bool table_allowed(struct totals *totals, u64 table, bool exact)
{
	const pte_t *x = sides[0].m->tables[table].pte, *y = sides[1].m->tables[table].pte;
	u64 may_differ = exact ? PR_IS_CONT : PR_IS_AD | PR_IS_CONT;

	for (u64 i = 0; i < sides[0].m->size; i++) {
		u64 differs;

		if (x[i].pte == y[i].pte)
			continue;
		differs = sides[0].kind(x[i].pte) ^ sides[1].kind(y[i].pte);
		if (!has_wanted[table] || differs & ~may_differ || sides[0].plain(x[i].pte) != sides[1].plain(y[i].pte))
			return false;
		if (!entry_allowed(&sides[0], table, i, x[i].pte, exact) ||
		    !entry_allowed(&sides[1], table, i, y[i].pte, exact))
			return false;
		totals->dirty += !!(differs & PR_IS_DIRTY);
		totals->young += !!(differs & PR_IS_YOUNG);
		totals->cont += !!(differs & PR_IS_CONT);
	}
	return true;
}

static bool allowed(struct totals *totals, bool exact)
{
	if (!alike(&sides[0], &sides[1]) || !clean(&sides[0]))
		return false;
	for (u64 t = 0; t < sides[0].m->nr_tables; t++)
		if (!table_allowed(totals, t, exact))
			return false;
	for (u64 t = 0; t < sides[0].m->nr_tables; t++)
		if (!cont_whole(&sides[0], sides[0].m->tables[t].pte) || !cont_whole(&sides[1], sides[1].m->tables[t].pte))
			return false;
	return true;
}
