/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a move goes from and to, and how it is asked for. */
#ifndef PTE_REVIEW_MOVE_PLACE_H
#define PTE_REVIEW_MOVE_PLACE_H

#include "live.h"

#define MOST_NEIGHBOURS 4
#define NEIGHBOUR_PAGES 2

struct place {
	uintptr_t old_addr, new_addr;
	unsigned pages, new_pages;
	int flags; /* of mremap(2) */
	bool occupied; /* something is mapped where it goes */
	unsigned nr_neighbours;
	uintptr_t neighbours[MOST_NEIGHBOURS]; /* memory beside the ranges, in the same page tables */
};

struct place place_draw(struct chance *chance);
void place_prepare(struct place *place, struct chance *chance); /* what is mapped beside and at the destination */
void place_clear(void);

#endif
