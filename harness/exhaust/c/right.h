/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an entry is what the promise wants, in the form that ptep_get() gives it: harness/judging/promise.py. */

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

/* Accessed and dirty of the entry at `at`, or the whole contpte block of it. */
static u64 gathered_ad(const struct side *side, const u64 *table, u64 at)
{
	const struct pr_machine *m = side->m;
	u64 found = side->kind(table[at]);

	if (found & PR_IS_CONT)
		for (u64 j = at & -m->cont_ptes, k = 0; k < m->cont_ptes; j++, k++)
			found |= side->kind(table[j]);
	return found & PR_IS_AD;
}

static const u64 *after(const struct side *side, u64 table) { return (const u64 *)side->m->tables[table].pte; }

/* An entry without accessed, dirty and CONT; write permission is in pr_kind() too, and may be told by dirty. */
static u64 bare_of(const struct side *side, u64 value)
{
	return side->plain(value) & ~(side->kind(value) & PR_IS_CONT_INVALID ? 1UL << 52 : 0);
}

/* Where what belongs into an entry stands before the call, as the promise has it: table and entry. */
struct origin { bool wanted; u8 table, entry; };
static struct origin comes_from[PR_MOST_TABLES][PR_MOST_ENTRIES], goes_to[PR_MOST_ENTRIES];	/* from table 0 */

/* Accessed and dirty, before the call, of what belongs at `at`. */
static u64 ad_before(const struct side *side, u64 table, u64 at)
{
	const struct origin *origin = &comes_from[table][at];

	return gathered_ad(side, images[origin->table], origin->entry);
}

/* What a present entry with accessed and dirty `ad` lost of them, and above that what it gained beyond its folio. */
static u64 ad_breach(const struct side *side, u64 table, u64 at, u64 value, u64 ad)
{
	u64 before = ad_before(side, table, at), gained = ad & ~before;

	if (gained)
		gained &= ~folio_ad(side, side->frame(value));
	return (before & ~ad) / PR_IS_YOUNG | gained / PR_IS_YOUNG << 2;
}

/* Which of `answer` the entry at `at` is; -1: none, or one for the judge. */
static int which_right(const struct side *side, const struct answer *answer, u64 table, u64 at)
{
	const u64 *entries = after(side, table);
	u64 value = entries[at], kind = side->kind(value);
	u64 ad = kind & PR_IS_PRESENT ? gathered_ad(side, entries, at) / PR_IS_YOUNG : 0;

	if (kind & PR_IS_CONT_INVALID && !(side->m->no_breach & 1UL << PR_CONT_INVALID))
		return -1;
	for (u64 i = 0; i < answer->nr; i++) {
		const struct right *right = &answer->right[i];

		if (bare_of(side, right->value) != bare_of(side, value) ||
		    (side->kind(right->value) ^ kind) & (PR_IS_PRESENT | PR_IS_WRITE))
			continue;
		if (right->accepts & 1UL << ad)
			return i;
		if (right->accepts & 1UL << (ad + 4 * (folio_ad(side, side->frame(value)) / PR_IS_YOUNG)))
			return i;
	}
	return -1;
}

/* Whether an entry lies in a range. */
static bool in_range(const struct pr_machine *m, u64 table, u64 at)
{
	for (u64 i = 0; i < m->nr_ranges; i++)
		if (m->ranges[i].table == table && at - m->ranges[i].first < m->ranges[i].nr)
			return true;
	return false;
}

/* Whether a fold or unfold may have spread accessed and dirty to an entry beside the range that entries come into. */
static bool may_gather(const struct pr_machine *m, u64 table, u64 at)
{
	const struct pr_range *last = &m->ranges[m->nr_ranges - 1];
	u64 block = at & -m->cont_ptes;

	return conts && table == last->table && (last->first & -m->cont_ptes) <= block &&
	       block <= ((last->first + last->nr - 1) & -m->cont_ptes);
}

/* Of what is not wanted: nothing is left in a range, and beside it accessed and dirty alone may have been gathered. */
static bool left_right(const struct side *side, u64 table, u64 at)
{
	const u64 *entries = after(side, table);
	u64 value = entries[at], was = images[table][at], ad;

	if (!(value | was))
		return true;
	if (in_range(side->m, table, at))
		return side->kind(value) & PR_IS_NONE;
	if (value == was)
		return true;
	if (!(side->kind(value) & side->kind(was) & PR_IS_PRESENT) || side->kind(value) & PR_IS_CONT_INVALID ||
	    bare_of(side, value) != bare_of(side, was) || (side->kind(value) ^ side->kind(was)) & PR_IS_WRITE)
		return false;
	ad = gathered_ad(side, entries, at);
	return ad == gathered_ad(side, images[table], at) ||
	       (may_gather(side->m, table, at) && !ad_breach(side, table, at, value, ad));
}
