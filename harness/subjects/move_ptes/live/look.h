/* SPDX-License-Identifier: GPL-2.0-only */
/* What is read before and after a move, and how it is written down. */
#ifndef PTE_REVIEW_MOVE_LOOK_H
#define PTE_REVIEW_MOVE_LOOK_H

#include "place.h"

/* A stretch of a move that lies under one entry of the level above, in both ranges. */
struct stretch {
	unsigned first, end;
	struct table was;
};

#define MOST_STRETCHES 16

struct look {
	uint64_t before[MOST_PAGES], after[MOST_PAGES], behind[MOST_PAGES];
	uint64_t beside[2][MOST_NEIGHBOURS * NEIGHBOUR_PAGES]; /* before and after */
	struct stretch stretches[MOST_STRETCHES];
	unsigned nr_stretches;
	long switches; /* how often this task had to give up its CPU, before the last look */
	char *folios; /* of the entries before, as JSON */
	struct text vmas; /* of the old range: a list of [first page, end page, permissions] */
};

bool several_vmas(const struct look *look);
void look_before(struct look *look, const struct place *place);
bool look_after(struct look *look, const struct place *place); /* whether nobody else ran on this CPU meanwhile */
void look_say(const struct look *look, const struct place *place);

#endif
