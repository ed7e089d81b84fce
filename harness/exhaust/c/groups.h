/* SPDX-License-Identifier: GPL-2.0-only */
/* What is neither the same nor surely allowed, in groups: the judge in Python sees the smallest case of each. */
enum { MOST_GROUPS = 512 };

static u64 mixed(u64 group, u64 with)
{
	return (group ^ with) * 0x9e3779b97f4a7c15UL;
}

/* How two entries differ, for a group: pr_is bits that differ, those that BASE alone has, and more. */
enum {
	BASE_ALONE = 10, OTHER_PAGE = 20, OTHER_BITS, BASE_BREACH, CANDIDATE_BREACH = 26,	/* shifts */
	IN_OTHER_TABLE = 32,
};

static u64 difference(u64 table, u64 at, u64 x, u64 y)
{
	u64 a = sides[0].kind(x), b = sides[1].kind(y), found = 0;

	found |= (a ^ b) | (a & ~b) << BASE_ALONE;
	if (a & b & PR_IS_PRESENT)
		found |= (u64)(sides[0].frame(x) != sides[1].frame(y)) << OTHER_PAGE;
	if ((sides[0].plain(x) ^ sides[1].plain(y)) && !((a ^ b) & (PR_IS_PRESENT | PR_IS_NONE | PR_IS_WRITE)))
		found |= 1UL << OTHER_BITS;
	if (a & PR_IS_PRESENT)
		found |= ad_breach(&sides[0], table, at, x) << BASE_BREACH;
	if (b & PR_IS_PRESENT)
		found |= ad_breach(&sides[1], table, at, y) << CANDIDATE_BREACH;
	return found;
}

static u64 entries_of_difference(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;
	u64 found = 0;

	for (u64 t = 0; t < x->nr_tables; t++)
		for (u64 i = 0; i < x->size; i++) {
			u64 a = x->tables[t].pte[i].pte, b = y->tables[t].pte[i].pte;

			if (a != b)
				found |= difference(t, i, a, b) << (t ? IN_OTHER_TABLE : 0);
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

/* The last bits of a group: what the judge says of one case holds for all (harness/exhaust/native_pair.py), or may not. */
enum { ANY_DIFFERENCE = 1, ORDER_ALONE = 2, LAST_BITS = 3 };

static u64 group_of_difference(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;
	u64 group = mixed(x->ended << 8 | y->ended, 1);

	if (only_order())
		return (mixed(mixed(group, x->order), y->order) & ~(u64)LAST_BITS) | ORDER_ALONE;
	group = mixed(group, x->wrong << 32 | y->wrong);
	group = mixed(group, (u64)(sides[0].returned != sides[1].returned) << 1 | (x->held != y->held));
	group = mixed(group, x->ended == y->ended && x->order != y->order);
	group = mixed(group, x->counts != y->counts);
	group = mixed(group, any_stale(x) * 2 + any_stale(y));
	if (x->ended == PR_RETURNED && y->ended == PR_RETURNED)
		group = mixed(group, entries_of_difference());
	return (group & ~(u64)LAST_BITS) | ANY_DIFFERENCE;
}

static u64 entries_in_image(void)
{
	u64 found = 0;

	for (u64 i = first_used; i < end_used; i++)
		found += !!images[0][i];
	return found;
}

static void note(struct totals *totals, struct group *groups, u64 group, u64 table)
{
	u64 entries = entries_in_image();

	for (u64 i = 0; i < totals->groups && i < MOST_GROUPS; i++)
		if (groups[i].group == group) {
			groups[i].count++;
			if (entries < groups[i].entries) {
				groups[i].entries = entries;
				groups[i].first = table;
			}
			return;
		}
	if (totals->groups < MOST_GROUPS)
		groups[totals->groups++] = (struct group) { group, 1, entries, table };
	else
		totals->groups = MOST_GROUPS + 1;	/* too many: the caller takes fewer tables */
}
