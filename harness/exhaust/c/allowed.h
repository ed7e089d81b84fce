/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is surely allowed under a contract of harness/judging/contracts.py: each version by itself keeps the promise, and
 * what differs is accessed and dirty, or in kinds that the promise leaves free.
 */
/*
 * What a call leaves: counts of cases, but of `dirty`, `young`, `cont` and `free` of entries in which an allowed
 * difference is of that kind. Of each group of other differences, how many cases, and the smallest: fewest entries, then
 * the first. `asks`: it stopped before case `at` to be told what is right.
 */
struct totals {
	u64 at, equal, allowed, shared, differing, changed, groups, dirty, young, cont, paths[4], free[MOST_FREE], asks;
};
struct group { u64 group, count, entries, first; };

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

/* Count how the entry at `at` differs; whether it may. `kinds` are those that the promise leaves free. */
static bool count_entry(struct totals *totals, u64 table, u64 at, u64 kinds, bool exact)
{
	const u64 *x = after(&sides[0], table), *y = after(&sides[1], table);
	u64 a, b, differs;

	if (x[at] == y[at])
		return true;
	a = sides[0].kind(x[at]);
	b = sides[1].kind(y[at]);
	if (a & b & PR_IS_PRESENT && sides[0].frame(x[at]) != sides[1].frame(y[at]))
		return false;
	if (conts && a & b & PR_IS_PRESENT)
		totals->cont += (x[at] ^ y[at]) >> 52 & 1;
	differs = a & b & PR_IS_PRESENT ? gathered_ad(&sides[0], x, at) ^ gathered_ad(&sides[1], y, at) : 0;
	totals->dirty += !!(differs & PR_IS_DIRTY);
	totals->young += !!(differs & PR_IS_YOUNG);
	for (u64 i = 0, rest = kinds; rest; i++, rest >>= 1)
		totals->free[i] += rest & 1;
	return !exact || !(differs | kinds);
}

/*
 * What each version is to return, as far as its entries say; which entries are wrong, or for the judge. Bits by table and
 * entry; `kinds` of both versions' entries that are right.
 */
static s64 owed[2];
static u64 wrong_at[2][PR_MOST_TABLES];
static u8 free_kinds[PR_MOST_TABLES][PR_MOST_ENTRIES];

/* What came of the value of entry `from` of table 0, of which `answer` says what is right; none: nobody knows. */
static void judge_wanted(u64 from, const struct answer *answer)
{
	u64 table = goes_to[from].table, at = goes_to[from].entry;
	int which[2];

	for (int i = 0; i < 2; i++) {
		which[i] = answer ? which_right(&sides[i], answer, table, at) : -1;
		wrong_at[i][table] |= (u64)(which[i] < 0) << at;
		owed[i] += answer ? answer->right[which[i] < 0 ? 0 : which[i]].adds : 0;
	}
	free_kinds[table][at] = which[0] >= 0 && which[1] >= 0 ? answer->kinds[which[0]][which[1]] : 0;
}

/* Hold both versions to the promise, entry by entry. */
static void judge_entries(void)
{
	owed[0] = owed[1] = 0;
	memset(wrong_at, 0, sizeof(wrong_at));
	memset(free_kinds, 0, sizeof(free_kinds));
	for (u64 i = 0; i < nr_choices; i++) {
		const u64 *says = choices[i].says + digits[i] * choices[i].width;

		for (u64 k = 0; k < choices[i].width; k++)
			if (goes_to[choices[i].indices[k]].wanted)
				judge_wanted(choices[i].indices[k], says[k] ? &answers[says[k] - 1] : NULL);
	}
	for (u64 t = 0; t < sides[0].m->nr_tables; t++)
		for (u64 at = 0; at < sides[0].m->size; at++)
			for (int i = 0; i < 2 && !comes_from[t][at].wanted; i++)
				wrong_at[i][t] |= (u64)!left_right(&sides[i], t, at) << at;
}

/* Whether the two, which judge_entries() has looked at, differ in nothing but what the contract allows. */
static bool allowed(struct totals *totals, bool exact)
{
	if (!alike(&sides[0], &sides[1]) || !clean(&sides[0]) || !clean(&sides[1]))
		return false;
	if (sides[0].returned != owed[0] || sides[1].returned != owed[1])
		return false;
	for (u64 t = 0; t < sides[0].m->nr_tables; t++) {
		if (wrong_at[0][t] | wrong_at[1][t])
			return false;
		for (u64 at = 0; at < sides[0].m->size; at++)
			if (!count_entry(totals, t, at, free_kinds[t][at], exact))
				return false;
	}
	for (u64 t = 0; t < sides[0].m->nr_tables; t++)
		if (!cont_whole(&sides[0], sides[0].m->tables[t].pte) || !cont_whole(&sides[1], sides[1].m->tables[t].pte))
			return false;
	return true;
}
