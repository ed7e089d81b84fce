/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "look.h"

static void entries(uintptr_t address, unsigned pages, uint64_t *into)
{
	if (facts.raw)
		raw_entries(address, pages, into);
	else
		pagemap_and_contents(address, pages, into);
}

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

void look_at_vmas(struct look *look, const struct place *place)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t first, end, high = place->old_addr + place->pages * PAGE;
	char line[400], may[5];

	look->vmas.length = look->vmas.bytes[0] = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &end, may) != 3)
			continue;
		if (end <= place->old_addr || first >= high)
			continue;
		first = first < place->old_addr ? place->old_addr : first;
		end = end > high ? high : end;
		add(&look->vmas, "%s[%lu,%lu,\"%s\"]", look->vmas.length ? "," : "", (first - place->old_addr) / PAGE,
		    (end - place->old_addr) / PAGE, may);
	}
	if (maps)
		fclose(maps);
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

/* As text, made before the move: what it unmaps has no flags afterwards. */
static char *known_folios(const struct look *look, const struct place *place)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (facts.raw && folios_known())
		say_folios(out, look->before, place->pages);
	fclose(out);
	return text;
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

/*
 * Reclaim, compaction and khugepaged change entries too. Folios are looked up until two reads agree, which takes long; the
 * last read comes right before the move.
 */
void look_before(struct look *look, const struct place *place)
{
	static uint64_t again[MOST_PAGES];

	look->folios = NULL;
	entries(place->old_addr, place->pages, again);
	for (int i = 0; i < 5; i++) {
		memcpy(look->before, again, sizeof(again));
		free(look->folios);
		look->folios = known_folios(look, place);
		entries(place->old_addr, place->pages, again);
		if (!memcmp(look->before, again, place->pages * sizeof(*again)))
			break;
	}
	look_at_stretches(look, place);
	look->switches = switches();
	look_beside(place, look->beside[0]);
	entries(place->old_addr, place->pages, look->before);
}

bool look_after(struct look *look, const struct place *place)
{
	entries(place->new_addr, place->new_pages, look->after);
	entries(place->old_addr, place->pages, look->behind);
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
