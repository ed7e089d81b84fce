/* SPDX-License-Identifier: GPL-2.0-only */
/* The two versions of a pair, the table that both run on, and what their runs are compared in. */
enum { MOST_ENTRIES = 64 };


struct side {
	struct pr_machine *(*prepare)(const u64 *request);
	s64 (*run)(void);
	u64 (*plain)(u64), (*kind)(u64), (*frame)(u64);
	struct pr_machine *m;
	s64 returned;
};

static struct side sides[2];
static struct pr_machine *running;
static u64 old_image[MOST_ENTRIES], new_image[MOST_ENTRIES];
static u64 first_used, end_used;	/* of old_image: entries that are not always none */
static bool new_used, conts;		/* whether new_image has an entry; whether entries can be contiguous */

/* A plain access into a gap beside the tables; any other is the end of the process. */
static void faulted(int number, siginfo_t *info, void *context)
{
	u64 room = running ? 32 * PAGE_SIZE + running->size * sizeof(pte_t) : 0, at = (u64)info->si_addr;

	if (running && at >= (u64)running->old_table - room && at < (u64)running->middle + 4 * room) {
		running->ended = PR_OVERRUN;
		__builtin_longjmp(running->end, 1);
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
