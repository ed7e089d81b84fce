/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Case after case through two versions, at native speed: what is equal or allowed is counted here, of what is not the
 * smallest of each group goes back to the judge in Python. harness/exhaust/native_pair.py has the other half.
 *
 * Two outcomes are equal if both returned and the tables, the return value, the order of locks and flushes, the
 * translations that were stale when none may be and the broken rules (pr_wrong() bits) are. "Allowed" is what the contract
 * allows of entries that are what the promise wants: answers.py hands in what that is. It is meant to err on the other side:
 * whatever is not surely allowed goes to the judge. What ends early is judged for how it ended alone: two that end in one
 * way share that. Whether a read was unassigned the judge decides.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "language.h"
#include "machine.h"
#include "sides.h"
#include "choices.h"
#include "right.h"
#include "allowed.h"
#include "groups.h"

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
	others_used = false;
	conts = sides[0].kind(1UL << 52 | 1) & PR_IS_CONT;
	for (u64 i = 0; i < size; i++) {
		bool used = images[0][i];

		for (u64 j = 0; j < nr_choices; j++)
			for (u64 k = 0; k < choices[j].width; k++)
				used |= choices[j].indices[k] == i;
		if (used && i < first_used)
			first_used = i;
		if (used)
			end_used = i + 1;
		for (u64 t = 1; t < sides[0].m->nr_tables; t++)
			others_used |= !!images[t][i];
	}
}

/* A block: the request of arena.py for what does not vary, its choices (count; width, number, indices, values
 * each), and for each entry of each table 0, or 1 + table * PR_MOST_ENTRIES + entry from where what is wanted there comes. */
static int px_block(const u64 *request, const u64 *words, const u64 *wanted)
{
	answers = NULL;
	nr_choices = *words++;
	if (nr_choices > MOST_CHOICES)
		return -1;
	for (u64 i = 0; i < nr_choices; i++) {
		choices[i] = (struct choice) { words[0], words[1], words + 2, words + 2 + words[0], NULL };
		words = choices[i].values + choices[i].width * choices[i].nr;
	}
	for (int i = 0; i < 2; i++) {
		sides[i].m = sides[i].prepare(request);
		if (!sides[i].m || sides[i].m->size > PR_MOST_ENTRIES)
			return -1;
	}
	memset(goes_to, 0, sizeof(goes_to));
	for (u64 t = 0; t < sides[0].m->nr_tables; t++) {
		memcpy(images[t], sides[0].m->tables[t].pte, sides[0].m->size * sizeof(pte_t));
		for (u64 i = 0; i < sides[0].m->size; i++, wanted++) {
			u64 from = *wanted - 1;

			comes_from[t][i] = *wanted ? (struct origin) { true, from / PR_MOST_ENTRIES, from % PR_MOST_ENTRIES }
						   : (struct origin) { false, t, i };
			if (*wanted && from < PR_MOST_ENTRIES)
				goes_to[from] = (struct origin) { true, t, i };
		}
	}
	look_around();
	return 0;
}

/* A case that is not the same in both and did not end early in both: whether it is allowed, and counted. */
static bool counted_as_allowed(struct totals *totals, bool exact)
{
	struct totals spare = *totals;
	u64 kinds = 0;

	if (sides[0].m->ended != PR_RETURNED || sides[1].m->ended != PR_RETURNED)
		return false;
	judge_entries();
	if (!allowed(&spare, exact))
		return false;
	for (u64 i = 0; i < MOST_FREE; i++)
		kinds |= spare.free[i] ^ totals->free[i];
	kinds |= (spare.dirty ^ totals->dirty) | (spare.young ^ totals->young) | (spare.cont ^ totals->cont);
	*totals = spare;
	if (kinds)
		totals->allowed++;
	else
		totals->equal++;	/* in what anybody reads */
	return true;
}

/*
 * Run cases [first, end). `exact`: the contract of that name. `totals->at` is the case under way. Stops before the first
 * one for which it has to know what is right, and does not. Pairs that never differ do not need it.
 */
static void px_run(u64 first, u64 end, u64 exact, struct totals *totals, struct group *groups)
{
	bool same;

	totals->asks = 0;
	seek(first);
	for (u64 number = first; number < end; number++, advance()) {
		*(volatile u64 *)&totals->at = number;
		run_side(&sides[0]);
		run_side(&sides[1]);
		same = is_same();
		if (unlikely(!same && !answers && !ended_alike(&sides[0], &sides[1]))) {
			totals->asks = 1;
			return;
		}
		totals->changed += sides[0].m->writes != sides[1].m->writes;
		for (u64 i = 0, paths = sides[1].m->paths; paths; i++, paths >>= 1)
			totals->paths[i] += paths & 1;
		if (likely(same)) {
			totals->equal++;
		} else if (ended_alike(&sides[0], &sides[1])) {
			totals->shared++;
		} else if (!counted_as_allowed(totals, exact)) {
			totals->differing++;
			note(totals, groups, group_of_difference(), number);
		}
	}
}

/* The cases from `first` on, before `end`, that are of `group`, at most `most`; how many there are in `numbers`. */
static u64 px_of_group(u64 first, u64 end, u64 exact, u64 group, u64 *numbers, u64 most)
{
	struct totals unused = { 0 };
	u64 count = 0;

	seek(first);
	for (u64 number = first; number < end && count < most; number++, advance()) {
		run_side(&sides[0]);
		run_side(&sides[1]);
		if (is_same() || ended_alike(&sides[0], &sides[1]))
			continue;
		if (!counted_as_allowed(&unused, exact) && group_of_difference() == group)
			numbers[count++] = number;
	}
	return count;
}

/*
 * What worker.c asks for: 'b' a block, 'a' what is right in it, 'x' a run of it, 'g' the cases of a group. Their arguments
 * are in the arena.
 */
int px_serve(char command, u64 *arena)
{
	u64 *arguments = arena + PR_PARAMETERS_AT;
	const u64 *words = arena + PR_PAIR_AT;

	switch (command) {
	case 'b':
		return px_block(arena + PR_REQUEST_AT, words, words + arguments[PR_PAR_WANTED]);
	case 'a':
		take_answers(words + arguments[PR_PAR_ANSWERS]);
		return 0;
	case 'x':
		px_run(arguments[PR_PAR_FIRST], arguments[PR_PAR_END], arguments[PR_PAR_EXACT],
		       (struct totals *)(arena + PR_TOTALS_AT), (struct group *)(arena + PR_GROUPS_AT));
		return 0;
	case 'g':
		arguments[PR_PAR_COUNT] = px_of_group(arguments[PR_PAR_FIRST], arguments[PR_PAR_END],
						      arguments[PR_PAR_EXACT], arguments[PR_PAR_GROUP],
						      arena + PR_NUMBERS_AT, arguments[PR_PAR_MOST]);
		return 0;
	default:
		return -1;
	}
}
