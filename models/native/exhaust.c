/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Table after table through two versions, at native speed: what is equal or allowed is counted here, of what is not
 * the first of each sort goes back to the judge in Python. models/native/exhaust.py has the other half.
 *
 * Two outcomes are equal if both returned and the tables, the return value, the order of locks and flushes, the
 * translations that were stale at an unlock and the broken rules (pr_wrong() bits) are. "Allowed" is what contract
 * folio-ad allows, and is meant to err on the other side: whatever is not surely allowed is told. What ends early is
 * judged for how it ended alone: two that end in one way share that. Whether a read was unassigned the judge decides.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include "language.h"
#include "machine.h"

enum { IS_PRESENT = 1, IS_YOUNG = 2, IS_DIRTY = 4, IS_WRITE = 8, IS_NONE = 16, IS_CONT = 32, IS_CONT_INVALID = 256 };
enum { MOST_ENTRIES = 64, MOST_UNITS = 64, MOST_SORTS = 512 };

struct side {
	struct pr_machine *(*prepare)(const u64 *request);
	s64 (*run)(void);
	u64 (*plain)(u64), (*kind)(u64), (*frame)(u64);
	struct pr_machine *m;
	s64 returned;
};

/*
 * What a call leaves. Tables, but of `dirty`, `young` and `cont`: entries in which an allowed difference is of that
 * kind. Of each sort of other differences, how many tables, and the smallest: fewest entries, then the first.
 */
struct totals { u64 at, equal, allowed, shared, differing, changed, sorts, dirty, young, cont, paths[4]; };
struct sort { u64 sort, count, entries, first; };

struct unit { u64 width, choices; const u64 *indices, *values; };

static struct side sides[2];
static struct pr_machine *running;
static u64 old_image[MOST_ENTRIES], new_image[MOST_ENTRIES];
static struct unit units[MOST_UNITS];
static u64 nr_units, digits[MOST_UNITS];
static u64 first_used, end_used;	/* of old_image: entries that are not always none */
static bool new_used, conts;		/* whether new_image has an entry; whether entries can be contiguous */

/* A plain access into a gap beside the tables; any other is the end of the process. */
static void faulted(int number, siginfo_t *info, void *context)
{
	u64 room = running ? 32 * PAGE_SIZE + running->size * sizeof(pte_t) : 0, at = (u64)info->si_addr;

	if (running && at >= (u64)running->old_table - room && at < (u64)running->middle + 4 * room) {
		running->ended = PR_OVERRUN;
		longjmp(running->end, 1);
	}
	signal(number, SIG_DFL);
}

static void run_side(struct side *side)
{
	struct pr_machine *m = side->m;
	u64 bytes = m->size * sizeof(pte_t);

	memcpy(m->old_table, old_image, bytes);
	if (!m->one_table)
		memcpy(m->new_table, new_image, bytes);
	running = m;
	side->returned = side->run();
	running = NULL;
}

static inline bool alike(const struct side *a, const struct side *b)
{
	const struct pr_machine *x = a->m, *y = b->m;

	return x->ended == PR_RETURNED && y->ended == PR_RETURNED && a->returned == b->returned &&
	       x->order == y->order && x->wrong == y->wrong &&
	       x->stale_at_unlock[0] == y->stale_at_unlock[0] && x->stale_at_unlock[1] == y->stale_at_unlock[1] &&
	       x->held == y->held && x->counts == y->counts;
}

static inline bool same_tables(const struct side *a, const struct side *b)
{
	u64 bytes = a->m->size * sizeof(pte_t);

	return !memcmp(a->m->old_table, b->m->old_table, bytes) &&
	       (a->m->one_table || !memcmp(a->m->new_table, b->m->new_table, bytes));
}

static inline bool ended_alike(const struct side *a, const struct side *b)
{
	u64 ended = a->m->ended;

	return ended == b->m->ended && ended != PR_RETURNED && ended != PR_UNASSIGNED;
}

static inline bool clean(const struct side *side)
{
	const struct pr_machine *m = side->m;

	return !m->wrong && !m->stale_at_unlock[0] && !m->stale_at_unlock[1] && !m->held;
}

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
	return found & (IS_YOUNG | IS_DIRTY);
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
	if (found & IS_CONT)
		for (u64 j = at & -m->cont_ptes, k = 0; k < m->cont_ptes; j++, k++)
			found |= side->kind(image[j]);
	return found & (IS_YOUNG | IS_DIRTY);
}

/* Valid CONT entries stand in whole, aligned, uniform blocks of one folio. */
static bool cont_whole(const struct side *side, const pte_t *table)
{
	const struct pr_machine *m = side->m;

	for (u64 block = 0; conts && block < m->size; block += m->cont_ptes) {
		u64 set = 0, pfn = side->frame(table[block].pte), plain = side->plain(table[block].pte);

		for (u64 i = 0; i < m->cont_ptes; i++)
			set += !!(side->kind(table[block + i].pte) & IS_CONT);
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
	u64 ad = side->kind(value) & (IS_YOUNG | IS_DIRTY), before = ad_before(side, new, at);

	return (before & ~ad) / IS_YOUNG | (ad & ~before & ~folio_ad(side, side->frame(value))) / IS_YOUNG << 2;
}

/*
 * Whether an entry of the new table that the other version left otherwise keeps within what the contract allows: what
 * was to move there. Elsewhere accessed and dirty may hardly change, and the judge says which.
 */
static bool entry_allowed(const struct side *side, u64 at, u64 value, bool exact)
{
	u64 kind = side->kind(value), from;

	if (!(kind & IS_PRESENT) || kind & IS_CONT_INVALID)
		return false;
	if (exact)
		return true;
	return is_moved(side->m, at, &from) && side->kind(old_image[from]) & IS_PRESENT &&
	       side->frame(old_image[from]) == side->frame(value) && !ad_breach(side, true, at, value);
}

/* Whether two new tables differ in nothing but what the contract allows. */
static bool tables_allowed(struct totals *totals, const pte_t *x, const pte_t *y, u64 size, bool exact)
{
	u64 may_differ = exact ? IS_CONT : IS_YOUNG | IS_DIRTY | IS_CONT;

	for (u64 i = 0; i < size; i++) {
		u64 differs;

		if (x[i].pte == y[i].pte)
			continue;
		differs = sides[0].kind(x[i].pte) ^ sides[1].kind(y[i].pte);
		if (differs & ~may_differ || sides[0].plain(x[i].pte) != sides[1].plain(y[i].pte))
			return false;
		if (!entry_allowed(&sides[0], i, x[i].pte, exact) || !entry_allowed(&sides[1], i, y[i].pte, exact))
			return false;
		totals->dirty += !!(differs & IS_DIRTY);
		totals->young += !!(differs & IS_YOUNG);
		totals->cont += !!(differs & IS_CONT);
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

static u64 mixed(u64 sort, u64 with)
{
	return (sort ^ with) * 0x9e3779b97f4a7c15UL;
}

/* How two entries differ, in bits. */
static u64 difference(bool new, u64 at, u64 x, u64 y)
{
	u64 a = sides[0].kind(x), b = sides[1].kind(y), found = 0;

	found |= (a ^ b) | (a & ~b) << 10;
	if (a & b & IS_PRESENT)
		found |= (u64)(sides[0].frame(x) != sides[1].frame(y)) << 20;
	if ((sides[0].plain(x) ^ sides[1].plain(y)) && !((a ^ b) & (IS_PRESENT | IS_NONE | IS_WRITE)))
		found |= 1UL << 21;
	if (a & IS_PRESENT)
		found |= ad_breach(&sides[0], new, at, x) << 22;
	if (b & IS_PRESENT)
		found |= ad_breach(&sides[1], new, at, y) << 26;
	return found;
}

/* Tables of one sort are taken to diverge alike: the judge sees the first. */
static u64 sort_of_difference(void)
{
	const struct pr_machine *x = sides[0].m, *y = sides[1].m;
	u64 sort = mixed(x->ended << 8 | y->ended, 1), entries = 0;

	sort = mixed(sort, x->wrong << 32 | y->wrong);
	sort = mixed(sort, (u64)(sides[0].returned != sides[1].returned) << 1 | (x->held != y->held));
	sort = mixed(sort, x->ended == y->ended && x->order != y->order);
	sort = mixed(sort, x->counts != y->counts);
	sort = mixed(sort, (x->stale_at_unlock[0] || x->stale_at_unlock[1]) * 2 +
				   (y->stale_at_unlock[0] || y->stale_at_unlock[1]));
	if (x->ended == PR_RETURNED && y->ended == PR_RETURNED)
		for (u64 i = 0; i < x->size; i++) {
			if (x->old_table[i].pte != y->old_table[i].pte)
				entries |= difference(x->one_table, i, x->old_table[i].pte, y->old_table[i].pte);
			if (!x->one_table && x->new_table[i].pte != y->new_table[i].pte)
				entries |= difference(true, i, x->new_table[i].pte, y->new_table[i].pte) << 32;
		}
	return mixed(sort, entries) | 1;
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

static void place(u64 unit)
{
	const struct unit *u = &units[unit];
	const u64 *values = u->values + digits[unit] * u->width;

	for (u64 i = 0; i < u->width; i++)
		old_image[u->indices[i]] = values[i];
}

/* Table number `table`: mixed radix, the last unit varies fastest. */
static void seek(u64 table)
{
	for (u64 i = nr_units; i-- > 0;) {
		digits[i] = table % units[i].choices;
		table /= units[i].choices;
		place(i);
	}
}

static void advance(void)
{
	for (u64 i = nr_units; i-- > 0;) {
		if (++digits[i] < units[i].choices) {
			place(i);
			return;
		}
		digits[i] = 0;
		place(i);
	}
}

/* Both sides' functions, in the order of struct side: prepare, run, plain, kind, frame. */
void px_sides(void **functions)
{
	struct sigaction action = { .sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_NODEFER };

	for (int i = 0; i < 2; i++)
		memcpy(&sides[i], functions + 5 * i, 5 * sizeof(void *));
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* What the slow path need not look at. */
static void look_around(void)
{
	u64 size = sides[0].m->size;

	first_used = size;
	end_used = 0;
	new_used = false;
	conts = sides[0].kind(1UL << 52 | 1) & IS_CONT;
	for (u64 i = 0; i < size; i++) {
		bool used = old_image[i];

		for (u64 j = 0; j < nr_units; j++)
			for (u64 k = 0; k < units[j].width; k++)
				used |= units[j].indices[k] == i;
		if (used && i < first_used)
			first_used = i;
		if (used)
			end_used = i + 1;
		new_used |= !sides[0].m->one_table && new_image[i];
	}
}

/* A block: the request of arena.py for what does not vary, its units (count; width, choices, indices, values each). */
int px_block(const u64 *request, const u64 *words)
{
	nr_units = *words++;
	if (nr_units > MOST_UNITS)
		return -1;
	for (u64 i = 0; i < nr_units; i++) {
		units[i] = (struct unit) { words[0], words[1], words + 2, words + 2 + words[0] };
		words = units[i].values + units[i].width * units[i].choices;
	}
	for (int i = 0; i < 2; i++) {
		sides[i].m = sides[i].prepare(request);
		if (!sides[i].m || sides[i].m->size > MOST_ENTRIES)
			return -1;
	}
	memcpy(old_image, sides[0].m->old_table, sides[0].m->size * sizeof(pte_t));
	memcpy(new_image, sides[0].m->new_table, sides[0].m->size * sizeof(pte_t));
	look_around();
	return 0;
}

/* Run tables [first, end). `exact`: the contract of that name. `totals->at` is the table under way. */
void px_run(u64 first, u64 end, u64 exact, struct totals *totals, struct sort *sorts)
{
	struct totals spare;

	seek(first);
	for (u64 table = first; table < end; table++, advance()) {
		*(volatile u64 *)&totals->at = table;
		run_side(&sides[0]);
		run_side(&sides[1]);
		totals->changed += sides[0].m->writes != sides[1].m->writes;
		for (u64 i = 0, paths = sides[1].m->paths; paths; i++, paths >>= 1)
			totals->paths[i] += paths & 1;
		if (likely(same_tables(&sides[0], &sides[1]) && alike(&sides[0], &sides[1]))) {
			totals->equal++;
		} else if (ended_alike(&sides[0], &sides[1])) {
			totals->shared++;
		} else if (spare = *totals, allowed(&spare, exact)) {
			spare.allowed++;
			*totals = spare;
		} else {
			totals->differing++;
			note(totals, sorts, sort_of_difference(), table);
		}
	}
}

/* The tables from `first` on, before `end`, that are of `sort`, at most `most`; how many there are in `found`. */
u64 px_of_sort(u64 first, u64 end, u64 exact, u64 sort, u64 *found, u64 most)
{
	struct totals unused = { 0 };
	u64 count = 0;

	seek(first);
	for (u64 table = first; table < end && count < most; table++, advance()) {
		run_side(&sides[0]);
		run_side(&sides[1]);
		if ((same_tables(&sides[0], &sides[1]) && alike(&sides[0], &sides[1])) || ended_alike(&sides[0], &sides[1]))
			continue;
		if (!allowed(&unused, exact) && sort_of_difference() == sort)
			found[count++] = table;
	}
	return count;
}
