/* SPDX-License-Identifier: GPL-2.0-only */
/* The two versions of a pair, the table that both run on, and what their runs are compared in. */
struct side {
	struct pr_machine *(*prepare)(const u64 *request);
	s64 (*run)(void);
	u64 (*plain)(u64), (*kind)(u64), (*frame)(u64);
	struct pr_machine *m;
	s64 returned;
};

static struct side sides[2];
static struct pr_machine *running;
static u64 images[PR_MOST_TABLES][PR_MOST_ENTRIES];	/* what the tables hold before the call */
static u64 first_used, end_used;	/* of table 0: entries that are not always none */
static bool others_used, conts;		/* whether another table has an entry; whether entries can be contiguous */

/* A plain access into a gap beside the tables; any other is the end of the process. */
static void faulted(int number, siginfo_t *info, void *context)
{
	u64 at = (u64)info->si_addr;

	if (running && at >= running->origin && at < running->origin + ((u64)PR_MOST_TABLES << PR_SHIFT)) {
		running->ended = PR_OVERRUN;
		__builtin_longjmp(running->end, 1);
	}
	signal(number, SIG_DFL);
}

static void run_side(struct side *side)
{
	struct pr_machine *m = side->m;
	u64 bytes = m->size * sizeof(pte_t);

	for (u64 t = 0; t < m->nr_tables; t++)
		memcpy(m->tables[t].pte, images[t], bytes);
	running = m;
	side->returned = side->run();
	running = NULL;
}

static inline bool same_stale(const struct pr_machine *x, const struct pr_machine *y)
{
	u64 differs = 0;

	for (u64 t = 0; t < PR_MOST_TABLES; t++)
		differs |= x->stale_at_unlock[t] ^ y->stale_at_unlock[t];
	return !differs;
}

static inline bool any_stale(const struct pr_machine *m)
{
	u64 stale = 0;

	for (u64 t = 0; t < PR_MOST_TABLES; t++)
		stale |= m->stale_at_unlock[t];
	return stale;
}

/* The log of cached values has not run over. It tells what is stale where the caller flushes. */
static inline bool knows_cached(const struct pr_machine *m) { return !(m->wrong & 1UL << PR_MANY_CACHED); }

/* Where the caller flushes, sides with stale entries are alike only if they wrote the same values in the same order. */
static inline bool alike(const struct side *a, const struct side *b)
{
	const struct pr_machine *x = a->m, *y = b->m;

	return x->ended == PR_RETURNED && y->ended == PR_RETURNED && a->returned == b->returned &&
	       x->order == y->order && x->wrong == y->wrong && same_stale(x, y) && x->held == y->held &&
	       x->counts == y->counts && knows_cached(x) && knows_cached(y) &&
	       (PR_AT_RETURN != x->flushed || x->writes == y->writes || !any_stale(x));
}

static inline bool same_tables(const struct side *a, const struct side *b)
{
	u64 bytes = a->m->size * sizeof(pte_t);

	for (u64 t = 0; t < a->m->nr_tables; t++)
		if (memcmp(a->m->tables[t].pte, b->m->tables[t].pte, bytes))
			return false;
	return true;
}

static inline bool is_same(void) { return same_tables(&sides[0], &sides[1]) && alike(&sides[0], &sides[1]); }

static inline bool ended_alike(const struct side *a, const struct side *b)
{
	u64 ended = a->m->ended;

	return ended == b->m->ended && ended != PR_RETURNED && ended != PR_UNASSIGNED;
}

static inline bool clean(const struct side *side)
{
	const struct pr_machine *m = side->m;

	return !m->wrong && !any_stale(m) && !m->held;
}
