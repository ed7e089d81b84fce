/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record MOVES SEED [booted]: moves memory in random states by mremap(2) and writes a line of JSON for each move: the
 * entries of the old range before it and of the new range after it. "booted" is for a kernel that was booted for this:
 * it may be harmed. Exit status: 0, or 2 with a line on standard error where nothing can be recorded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "look.h"

#define MOST_REFUSED 20 /* calls in a row that the kernel refuses, before something must be wrong */
#define MOST_SECONDS 120 /* of one move; a call that does not return ends the program, and the output is not whole */

static bool move(struct place *place, const struct state *state)
{
	void *old = (void *)place->old_addr, *to = (void *)place->new_addr, *got;

	if (state->event_remap)
		uffd_listen(state->uffd);
	got = mremap(old, place->pages * PAGE, place->new_pages * PAGE, place->flags, to);
	if (state->event_remap)
		uffd_listened();
	if (got == MAP_FAILED || got == old)
		return false;
	place->new_addr = (uintptr_t)got;
	return true;
}

/* Moved once before, to a place of its own: what that leaves is a state that no other call makes. */
static void move_before(struct state *state, struct place *place)
{
	struct place way = *place;

	way.new_addr = place->old_addr + 32 * TABLE_BYTES + 16 * PAGE;
	way.new_pages = way.pages;
	way.flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	if (!move(&way, state))
		return;
	place->old_addr = state->start = way.new_addr;
	place->nr_neighbours = 0;
	step(state, "mremap()", (struct part){ 0, state->pages });
	if (state->uffd >= 0 && !state->event_remap) { /* the new VMA is not registered */
		close(state->uffd);
		state->uffd = -1;
	}
}

/* A huge page becomes entries of a table by a change to a part of it. */
static void split_leaves(struct state *state)
{
	uintptr_t end = state->start + state->pages * PAGE;

	for (uintptr_t table = state->start & -TABLE_BYTES; table < end; table += TABLE_BYTES) {
		uintptr_t page = table < state->start ? state->start : table;

		if (table_of(table).kind != HAS_LEAF)
			continue;
		mprotect((void *)page, PAGE, PROT_READ);
		mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
	}
}

static void split_vma(const struct place *place, int protection)
{
	mprotect((void *)(place->old_addr + place->pages / 3 * PAGE), (place->pages / 3 + 1) * PAGE, protection);
}

static void prepare(struct state *state, struct place *place, struct chance *chance)
{
	struct chance apart = chance_apart(chance);

	place_prepare(place, &apart);
	if (facts.raw && percent(&apart, 90))
		split_leaves(state);
	state_change(state, chance);
	if (percent(&apart, 15))
		move_before(state, place);
	if (percent(&apart, 12))
		split_vma(place, percent(&apart, 50) ? PROT_READ : PROT_NONE);
}

static void say(const struct look *look, const struct place *place, const struct state *state, uint64_t seed,
		uint64_t number)
{
	say_facts(seed, number);
	printf(",\"mapping\":\"%s\",\"old_addr\":%lu,\"new_addr\":%lu,\"pages\":%u,\"new_pages\":%u", state->mapping,
	       place->old_addr, place->new_addr, place->pages, place->new_pages);
	printf(",\"clears_uffd_wp\":%s,\"mremap_flags\":%d", state->uffd >= 0 && !state->event_remap ? "true" : "false",
	       place->flags);
	printf(",\"steps\":[%s]", state->steps.bytes);
	look_say(look, place);
	puts("}");
}

enum outcome { REFUSED, DISTURBED, RECORDED };

static enum outcome record(uint64_t seed, uint64_t number)
{
	static struct state state;
	static struct look look;
	struct chance chance;
	struct place place;
	enum outcome outcome = REFUSED;

	chance_seed(&chance, seed, number);
	place = place_draw(&chance);
	if (!state_map(&state, &chance, place.old_addr, place.pages))
		give_up("move %" PRIu64 ": %u pages of %s cannot be mapped: %s", number, place.pages, state.mapping,
			strerror(errno));
	prepare(&state, &place, &chance);
	look_at_vmas(&look, &place);
	if (several_vmas(&look)) { /* moved together since v6.17 (commit d23cb648e365), without a change of size */
		place.new_pages = place.pages;
		place.flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	}
	look_before(&look, &place);
	if (move(&place, &state)) {
		outcome = look_after(&look, &place) ? RECORDED : DISTURBED;
		if (outcome == RECORDED)
			say(&look, &place, &state, seed, number);
		munmap((void *)place.new_addr, place.new_pages * PAGE);
	}
	free(look.folios);
	state_end(&state);
	place_clear();
	return outcome;
}

int main(int count, char **arguments)
{
	uint64_t wanted = count > 2 ? strtoull(arguments[1], NULL, 10) : 0;
	uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
	unsigned refused = 0;

	if (!wanted)
		give_up("usage: record MOVES SEED [booted]");
	if (count > 3 && !strcmp(arguments[3], "booted"))
		facts_set_up();
	facts_find();
	for (uint64_t made = 0, number = 0; made < wanted; number++) {
		alarm(MOST_SECONDS);
		enum outcome outcome = record(seed, number);

		made += outcome == RECORDED;
		refused = outcome == REFUSED ? refused + 1 : 0;
		if (refused > MOST_REFUSED)
			give_up("mremap() was refused %d times in a row, last: %s", MOST_REFUSED, strerror(errno));
	}
	return 0;
}
