/* SPDX-License-Identifier: GPL-2.0-only */
/* What is read around a call: entries, the folios that they map, VMAs, and whether this task lost its CPU. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "live.h"

void entries_of(uintptr_t address, unsigned pages, uint64_t *into)
{
	if (facts.raw)
		raw_entries(address, pages, into);
	else
		pagemap_and_contents(address, pages, into);
}

/* As text, made before the call: what it unmaps has no flags afterwards. */
static char *known_folios(const uint64_t *entries, unsigned pages)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return strdup("");
	if (facts.raw && folios_known())
		say_folios(out, entries, pages);
	fclose(out);
	return text;
}

/*
 * Reclaim, compaction and khugepaged change entries too. Folios are looked up until two reads agree, which takes long; the
 * caller reads the entries again right before the call.
 */
char *folios_of(uintptr_t address, unsigned pages)
{
	static uint64_t known[MOST_PAGES], again[MOST_PAGES];
	char *folios = NULL;

	entries_of(address, pages, again);
	for (int i = 0; i < 5; i++) {
		memcpy(known, again, sizeof(again));
		free(folios);
		folios = known_folios(known, pages);
		entries_of(address, pages, again);
		if (!memcmp(known, again, pages * sizeof(*again)))
			break;
	}
	return folios;
}

void vmas_of(struct text *vmas, uintptr_t address, unsigned pages)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t first, end, high = address + pages * PAGE;
	char line[400], may[5];

	vmas->length = vmas->bytes[0] = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &end, may) != 3)
			continue;
		if (end <= address || first >= high)
			continue;
		first = first < address ? address : first;
		end = end > high ? high : end;
		add(vmas, "%s[%lu,%lu,\"%s\"]", vmas->length ? "," : "", (first - address) / PAGE, (end - address) / PAGE,
		    may);
	}
	if (maps)
		fclose(maps);
}

/* A huge page becomes entries of a table by a change to a part of it. */
void split_leaves(const struct state *state)
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

long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}
