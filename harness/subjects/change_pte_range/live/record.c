/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes the protection of memory in random states: all entries of the memory before the call and after it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "calls.h"

const char recorded_function[] = "change_pte_range", recorded_call[] = "a change of protection";

#define MOST_TABLES 8

static struct look {
	uint64_t before[MOST_PAGES], after[MOST_PAGES];
	bool leaf[MOST_TABLES]; /* whether a huge page was there before, in the place of a table */
	char *folios;
	struct text vmas;
	long switches;
} look;

static uintptr_t table_start(const struct state *state, unsigned number)
{
	return (state->start & -TABLE_BYTES) + number * TABLE_BYTES;
}

static unsigned nr_tables(const struct state *state)
{
	return (state->start + state->pages * PAGE - table_start(state, 0) + TABLE_BYTES - 1) / TABLE_BYTES;
}

/* The entries are read last, right before the call. */
static void look_before(const struct state *state)
{
	vmas_of(&look.vmas, state->start, state->pages);
	look.folios = folios_of(state->start, state->pages);
	for (unsigned i = 0; i < nr_tables(state); i++)
		look.leaf[i] = table_of(table_start(state, i)).kind == HAS_LEAF;
	look.switches = switches();
	raw_entries(state->start, state->pages, look.before);
}

/* Stretches with a huge page before the call have no entries then: it is changed as a whole, or split by the call. */
static void say_whole(const struct state *state)
{
	const char *comma = "";

	printf(",\"whole\":[");
	for (unsigned i = 0; i < nr_tables(state); i++) {
		uintptr_t first = table_start(state, i), end = first + TABLE_BYTES;

		if (!look.leaf[i])
			continue;
		first = first < state->start ? state->start : first;
		end = end > state->start + state->pages * PAGE ? state->start + state->pages * PAGE : end;
		printf("%s[%lu,%lu,\"%s\"]", comma, (first - state->start) / PAGE, (end - state->start) / PAGE,
		       table_of(first).kind == HAS_LEAF ? "huge" : "split");
		comma = ",";
	}
	putchar(']');
}

static void say(const struct call *call, const struct state *state, uint64_t seed, uint64_t number)
{
	say_facts(seed, number);
	printf(",\"mapping\":\"%s\",\"addr\":%lu,\"pages\":%u", state->mapping, state->start, state->pages);
	printf(",\"caller\":\"%s\",\"protection\":\"%s\",\"first\":%u,\"end\":%u", call->caller, call->protection,
	       call->part.first, call->part.end);
	printf(",\"uffd\":%s,\"notified\":%s,\"tracked\":%s", state->uffd >= 0 ? "true" : "false",
	       state->notified ? "true" : "false", state->tracked ? "true" : "false");
	printf(",\"steps\":[%s]", state->steps.bytes);
	say_runs("before", look.before, state->pages);
	say_runs("after", look.after, state->pages);
	say_whole(state);
	printf(",\"vmas\":[%s]%s}\n", look.vmas.bytes, look.folios);
}

static void prepare(struct state *state, struct chance *chance)
{
	struct chance apart = chance_apart(chance);

	if (percent(&apart, 90))
		split_leaves(state);
	state_change(state, chance);
	for (unsigned nr = below(&apart, 4); nr; nr--) {
		protect_some(state, &apart);
		if (percent(&apart, 50))
			state_change(state, chance);
	}
}

enum outcome record_call(uint64_t seed, uint64_t number)
{
	static struct state state;
	struct chance chance, apart;
	struct call call;
	enum outcome outcome = REFUSED;
	unsigned page, pages, table;

	if (!facts.raw || !folios_known() || !frames_known())
		give_up("a change of protection is seen in raw entries alone: %.*s", (int)facts.missing.length,
			facts.missing.bytes);
	chance_seed(&chance, seed, number);
	pages = some_length(&chance);
	page = some_page_of_table(&chance);
	table = below(&chance, 8);
	if (!state_map(&state, &chance, (table ? arena_table(2) : ARENA + PUD_BYTES - TABLE_BYTES) + page * PAGE, pages))
		give_up("record %" PRIu64 ": %u pages of %s cannot be mapped: %s", number, pages, state.mapping,
			strerror(errno));
	apart = chance_apart(&chance);
	prepare(&state, &chance);
	call = call_draw(&state, &apart);
	look_before(&state);
	if (call_make(&call, &state)) {
		raw_entries(state.start, state.pages, look.after);
		outcome = switches() == look.switches ? RECORDED : DISTURBED;
	}
	if (outcome == RECORDED)
		say(&call, &state, seed, number);
	free(look.folios);
	munmap((void *)state.start, state.pages * PAGE);
	state_end(&state);
	return outcome;
}
