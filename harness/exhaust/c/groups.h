/* SPDX-License-Identifier: GPL-2.0-only */
/* What is neither the same nor surely allowed, in groups: the judge in Python sees the smallest case of each. */
static u64 mixed(u64 group, u64 with)
{
	return (group ^ with) * 0x9e3779b97f4a7c15UL;
}

/*
 * How two entries differ, for a group: pr_is bits that differ, those that BASE alone has, what is lost or gained, and which of
 * a few classes the rest falls into.
 */
enum {
	BASE_ALONE = 10, OTHER_PAGE = 20, OTHER_BITS, BASE_BREACH, CANDIDATE_BREACH = 26, REST = 30,	/* shifts */
	MOST_REST = 30, BASE_PAGE = 60, CANDIDATE_PAGE = 62,
};

/* Of a page that does not belong here: 1 where it belongs elsewhere in the range, 2 where it belongs nowhere. */
static u64 other_page(const struct side *side, u64 table, u64 at, u64 value)
{
	const struct origin *origin = &comes_from[table][at];

	if (side->frame(value) == side->frame(images[origin->table][origin->entry]))
		return 0;
	for (u64 i = 0; i < side->m->size; i++)
		if (goes_to[i].wanted && side->kind(images[0][i]) & PR_IS_PRESENT &&
		    side->frame(images[0][i]) == side->frame(value))
			return 1;
	return 2;
}

static u64 difference(u64 table, u64 at)
{
	const u64 *x = after(&sides[0], table), *y = after(&sides[1], table);
	u64 a = sides[0].kind(x[at]), b = sides[1].kind(y[at]), rest = sides[0].plain(x[at]) ^ sides[1].plain(y[at]);
	u64 found = (a ^ b) | (a & ~b) << BASE_ALONE;

	if (a & b & PR_IS_PRESENT)
		found |= (u64)(sides[0].frame(x[at]) != sides[1].frame(y[at])) << OTHER_PAGE;
	if (rest && !((a ^ b) & (PR_IS_PRESENT | PR_IS_NONE | PR_IS_WRITE)))
		found |= 1UL << OTHER_BITS;
	if (rest)
		found |= 1UL << (REST + mixed(rest, 0) % MOST_REST);
	if (a & PR_IS_PRESENT)
		found |= other_page(&sides[0], table, at, x[at]) << BASE_PAGE |
			 ad_breach(&sides[0], table, at, x[at], gathered_ad(&sides[0], x, at)) << BASE_BREACH;
	if (b & PR_IS_PRESENT)
		found |= other_page(&sides[1], table, at, y[at]) << CANDIDATE_PAGE |
			 ad_breach(&sides[1], table, at, y[at], gathered_ad(&sides[1], y, at)) << CANDIDATE_BREACH;
	return found;
}

/*
 * By who is wrong there, and in which table, so that a kind in which only BASE is wrong is not grouped with one in which
 * both are.
 */
static u64 entries_of_difference(void)
{
	u64 found[2][4] = { 0 }, group = 0;

	for (u64 t = 0; t < sides[0].m->nr_tables; t++)
		for (u64 at = 0; at < sides[0].m->size; at++) {
			u64 who = (wrong_at[0][t] >> at & 1) | (wrong_at[1][t] >> at & 1) << 1;

			if (after(&sides[0], t)[at] != after(&sides[1], t)[at])
				found[!!t][who] |= difference(t, at);
		}
	for (u64 i = 0; i < 8; i++)
		group = mixed(group, found[i / 4][i % 4]);
	return group;
}

/* Whether BASE or CANDIDATE alone has a stale translation where the other has none. */
static u64 stale_alone(const struct pr_machine *x, const struct pr_machine *y)
{
	u64 base = 0, candidate = 0;

	for (u64 t = 0; t < PR_MOST_TABLES; t++) {
		base |= x->stale_at_unlock[t] & ~y->stale_at_unlock[t];
		candidate |= y->stale_at_unlock[t] & ~x->stale_at_unlock[t];
	}
	return !!base * 2 + !!candidate;
}

/* Whose return value is not what its entries say. */
static u64 owes(void)
{
	return (sides[0].returned != owed[0]) * 2 + (sides[1].returned != owed[1]);
}

/* Whether the two left the same, did nothing wrong, and only took locks, mapped or flushed in another order. */
static bool only_order(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;

	return x->ended == PR_RETURNED && y->ended == PR_RETURNED && sides[0].returned == sides[1].returned &&
	       clean(&sides[0]) && clean(&sides[1]) && x->counts == y->counts && same_tables(&sides[0], &sides[1]);
}

/* The last bits of a group: what the judge says of one case holds for all (harness/exhaust/native_pair.py), or may not. */
enum { ANY_DIFFERENCE = 1 };	/* ORDER_ALONE is of native_pair.py, as LAST_BITS is */

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
	group = mixed(group, stale_alone(x, y) * 4 + any_stale(x) * 2 + any_stale(y));
	if (x->ended == PR_RETURNED && y->ended == PR_RETURNED)
		group = mixed(mixed(group, owes()), entries_of_difference());
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
