/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Table after table through two versions, at native speed: what is equal or allowed is counted here, of what is not
 * the smallest of each sort goes back to the judge in Python. models/native/exhaust.py has the other half.
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
#include <string.h>

#include "language.h"
#include "machine.h"
#include "exhaust_sides.h"
#include "exhaust_allowed.h"
#include "exhaust_sorts.h"

enum { MOST_UNITS = 64 };

struct unit { u64 width, choices; const u64 *indices, *values; };

static struct unit units[MOST_UNITS];
static u64 nr_units, digits[MOST_UNITS];

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
	conts = sides[0].kind(1UL << 52 | 1) & PR_IS_CONT;
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
