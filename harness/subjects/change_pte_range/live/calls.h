/* SPDX-License-Identifier: GPL-2.0-only */
/* Which call is made on which pages of a state. */
#ifndef PTE_REVIEW_PROTECT_CALLS_H
#define PTE_REVIEW_PROTECT_CALLS_H

#include "live.h"

struct call {
	const char *caller; /* as models/change_pte_range/call.py names it */
	const char *protection; /* of mprotect(): letters of read, write, exec */
	struct part part;
	bool ends; /* the registration of the userfaultfd, which resolves too */
};

struct call call_draw(struct state *state, struct chance *chance);
bool call_make(const struct call *call, struct state *state); /* whether the kernel took it */
void protect_some(struct state *state, struct chance *chance); /* part of the range, before the call */

#endif
