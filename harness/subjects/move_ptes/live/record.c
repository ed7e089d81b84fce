/* SPDX-License-Identifier: GPL-2.0-only */
/* Moves memory in random states by mremap(2): the entries of the old range before it and of the new range after it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "look.h"

const char recorded_function[] = "move_ptes", recorded_call[] = "mremap()";

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

enum outcome record_call(uint64_t seed, uint64_t number)
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
	vmas_of(&look.vmas, place.old_addr, place.pages);
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
