/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "look.h"

static unsigned rest_of_table(uintptr_t address)
{
	return TABLE_PAGES - address / PAGE % TABLE_PAGES;
}

/* Where the kernel chooses the new address, it is not known yet, and each old table is one stretch. */
static void look_at_stretches(struct look *look, const struct place *place)
{
	unsigned page = 0, moved = place->pages < place->new_pages ? place->pages : place->new_pages;

	look->nr_stretches = 0;
	while (facts.raw && page < moved && look->nr_stretches < MOST_STRETCHES) {
		unsigned nr = rest_of_table(place->old_addr + page * PAGE);
		unsigned other = rest_of_table(place->new_addr + page * PAGE);

		if (place->flags & MREMAP_FIXED && other < nr)
			nr = other;
		if (nr > moved - page)
			nr = moved - page;
		look->stretches[look->nr_stretches++] =
			(struct stretch){ page, page + nr, table_of(place->old_addr + page * PAGE) };
		page += nr;
	}
}

/* How a stretch was moved, where it was not entry by entry: by mm/mremap.c:move_normal_pmd(), by move_huge_pmd(). */
static const char *moved_whole(const struct place *place, const struct stretch *stretch)
{
	uintptr_t to = place->new_addr + stretch->first * PAGE, from = place->old_addr + stretch->first * PAGE;
	struct table now = table_of(to);

	if (stretch->was.kind == HAS_LEAF)
		return now.kind == HAS_TABLE ? "split" : "huge";
	if (from / TABLE_BYTES != to / TABLE_BYTES && table_frame(now) && table_frame(now) == table_frame(stretch->was))
		return "table";
	return NULL;
}

bool several_vmas(const struct look *look)
{
	return strchr(look->vmas.bytes, '[') != strrchr(look->vmas.bytes, '[');
}

static void look_beside(const struct place *place, uint64_t *into)
{
	for (unsigned i = 0; facts.raw && i < place->nr_neighbours; i++)
		raw_entries(place->neighbours[i], NEIGHBOUR_PAGES, into + i * NEIGHBOUR_PAGES);
}

/* The last read comes right before the move. */
void look_before(struct look *look, const struct place *place)
{
	look->folios = folios_of(place->old_addr, place->pages);
	look_at_stretches(look, place);
	look->switches = switches();
	look_beside(place, look->beside[0]);
	entries_of(place->old_addr, place->pages, look->before);
}

bool look_after(struct look *look, const struct place *place)
{
	entries_of(place->new_addr, place->new_pages, look->after);
	entries_of(place->old_addr, place->pages, look->behind);
	look_beside(place, look->beside[1]);
	return switches() == look->switches;
}

static void say_whole(const struct look *look, const struct place *place)
{
	const char *comma = "";

	printf(",\"whole\":[");
	for (unsigned i = 0; i < look->nr_stretches; i++) {
		const struct stretch *stretch = &look->stretches[i];
		const char *how = moved_whole(place, stretch);

		if (!how)
			continue;
		printf("%s[%u,%u,\"%s\"]", comma, stretch->first, stretch->end, how);
		comma = ",";
	}
	putchar(']');
}

void look_say(const struct look *look, const struct place *place)
{
	say_runs("before", look->before, place->pages);
	say_runs("after", look->after, place->new_pages);
	say_runs("behind", look->behind, place->pages);
	say_whole(look, place);
	printf(",\"vmas\":[%s],\"beside\":[", look->vmas.bytes);
	for (unsigned i = 0; facts.raw && i < place->nr_neighbours * NEIGHBOUR_PAGES; i++)
		printf("%s[%lu,%" PRIu64 ",%" PRIu64 "]", i ? "," : "",
		       place->neighbours[i / NEIGHBOUR_PAGES] + i % NEIGHBOUR_PAGES * PAGE, look->beside[0][i],
		       look->beside[1][i]);
	printf("]%s", look->folios);
}
