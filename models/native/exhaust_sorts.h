/* SPDX-License-Identifier: GPL-2.0-only */
/* What is neither the same nor surely allowed, by sort: the judge in Python sees the smallest table of each. */
enum { MOST_SORTS = 512 };

static u64 mixed(u64 sort, u64 with)
{
	return (sort ^ with) * 0x9e3779b97f4a7c15UL;
}

/* How two entries differ, for a sort: pr_is bits that differ, those that BASE alone has, and more. */
enum {
	BASE_ALONE = 10, OTHER_PAGE = 20, OTHER_BITS, BASE_BREACH, CANDIDATE_BREACH = 26,	/* shifts */
	IN_NEW_TABLE = 32,
};

static u64 difference(bool new, u64 at, u64 x, u64 y)
{
	u64 a = sides[0].kind(x), b = sides[1].kind(y), found = 0;

	found |= (a ^ b) | (a & ~b) << BASE_ALONE;
	if (a & b & PR_IS_PRESENT)
		found |= (u64)(sides[0].frame(x) != sides[1].frame(y)) << OTHER_PAGE;
	if ((sides[0].plain(x) ^ sides[1].plain(y)) && !((a ^ b) & (PR_IS_PRESENT | PR_IS_NONE | PR_IS_WRITE)))
		found |= 1UL << OTHER_BITS;
	if (a & PR_IS_PRESENT)
		found |= ad_breach(&sides[0], new, at, x) << BASE_BREACH;
	if (b & PR_IS_PRESENT)
		found |= ad_breach(&sides[1], new, at, y) << CANDIDATE_BREACH;
	return found;
}

static u64 entries_of_difference(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;
	u64 found = 0;

	for (u64 i = 0; i < x->size; i++) {
		if (x->old_table[i].pte != y->old_table[i].pte)
			found |= difference(x->one_table, i, x->old_table[i].pte, y->old_table[i].pte);
		if (!x->one_table && x->new_table[i].pte != y->new_table[i].pte)
			found |= difference(true, i, x->new_table[i].pte, y->new_table[i].pte) << IN_NEW_TABLE;
	}
	return found;
}

/* Whether the two left the same, did nothing wrong, and only took locks, mapped or flushed in another order. */
static bool only_order(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;

	return x->ended == PR_RETURNED && y->ended == PR_RETURNED && sides[0].returned == sides[1].returned &&
	       clean(&sides[0]) && clean(&sides[1]) && x->counts == y->counts && same_tables(&sides[0], &sides[1]);
}

/* The last bits of a sort: what the judge says of one table holds for all (models/native/exhaust.py), or may not. */
enum { ANY_DIFFERENCE = 1, ORDER_ALONE = 2, LAST_BITS = 3 };

static u64 sort_of_difference(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;
	u64 sort = mixed(x->ended << 8 | y->ended, 1);

	if (only_order())
		return (mixed(mixed(sort, x->order), y->order) & ~(u64)LAST_BITS) | ORDER_ALONE;
	sort = mixed(sort, x->wrong << 32 | y->wrong);
	sort = mixed(sort, (u64)(sides[0].returned != sides[1].returned) << 1 | (x->held != y->held));
	sort = mixed(sort, x->ended == y->ended && x->order != y->order);
	sort = mixed(sort, x->counts != y->counts);
	sort = mixed(sort, (x->stale_at_unlock[0] || x->stale_at_unlock[1]) * 2 +
				   (y->stale_at_unlock[0] || y->stale_at_unlock[1]));
	if (x->ended == PR_RETURNED && y->ended == PR_RETURNED)
		sort = mixed(sort, entries_of_difference());
	return (sort & ~(u64)LAST_BITS) | ANY_DIFFERENCE;
}

static u64 entries_in_image(void)
{
	u64 found = 0;

	for (u64 i = first_used; i < end_used; i++)
		found += !!old_image[i];
	return found;
}

static void note(struct totals *totals, struct sort *sorts, u64 sort, u64 table)
{
	u64 entries = entries_in_image();

	for (u64 i = 0; i < totals->sorts && i < MOST_SORTS; i++)
		if (sorts[i].sort == sort) {
			sorts[i].count++;
			if (entries < sorts[i].entries) {
				sorts[i].entries = entries;
				sorts[i].first = table;
			}
			return;
		}
	if (totals->sorts < MOST_SORTS)
		sorts[totals->sorts++] = (struct sort) { sort, 1, entries, table };
	else
		totals->sorts = MOST_SORTS + 1;	/* too many: the caller takes fewer tables */
}
