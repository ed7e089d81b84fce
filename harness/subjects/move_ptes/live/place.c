/* SPDX-License-Identifier: GPL-2.0-only */
#include <sys/mman.h>

#include "place.h"

/* Often as far into its table, or its block of 16, as the old one: then whole tables move, and blocks stay blocks. */
static unsigned new_page(struct chance *chance, unsigned old)
{
	unsigned any = below(chance, TABLE_PAGES);

	switch (below(chance, 8)) {
	case 0:
		return old;
	case 1:
	case 2:
	case 3:
	case 4:
		return (old + 16 * (any % 31 + 1)) % TABLE_PAGES;
	case 5:
		return 0;
	default:
		return any;
	}
}

struct place place_draw(struct chance *chance)
{
	struct place place = { .flags = MREMAP_MAYMOVE | MREMAP_FIXED };
	unsigned first = some_page_of_table(chance), where = below(chance, 8), how = below(chance, 20);
	unsigned fewer = below(chance, 9), more = 1 + below(chance, 3), second = new_page(chance, first);

	place.pages = place.new_pages = some_length(chance);
	place.old_addr = arena_table(2) + first * PAGE;
	place.new_addr = arena_table(16) + second * PAGE;
	if (where == 0) /* over the border of a table of the level above */
		place.old_addr = ARENA + PUD_BYTES - TABLE_BYTES + first * PAGE;
	else if (where == 1)
		place.new_addr = ARENA + 2 * PUD_BYTES - TABLE_BYTES + second * PAGE;
	else if (where == 2) /* into the same table, where it has room */
		place.new_addr = place.old_addr + (place.pages + 16 + second % 32) * PAGE;
	if (how < 3)
		place.flags |= MREMAP_DONTUNMAP;
	else if (how < 6)
		place.new_pages = fewer < place.pages ? place.pages - fewer : 1;
	else if (how < 8)
		place.new_pages += more;
	else if (how == 8) { /* it cannot grow where it is, so the kernel finds a place */
		place.new_pages += 5;
		place.flags = MREMAP_MAYMOVE;
	}
	return place;
}

static void map_small(uintptr_t address, unsigned pages)
{
	if (mmap((void *)address, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) == (void *)address)
		try_write(address, 1);
}

void place_prepare(struct place *place, struct chance *chance)
{
	bool beside = percent(chance, 70) || !(place->flags & MREMAP_FIXED);
	uintptr_t old_end = place->old_addr + place->pages * PAGE;
	unsigned longer = place->pages > place->new_pages ? place->pages : place->new_pages;
	uintptr_t new_end = place->new_addr + (longer + 4) * PAGE;
	const uintptr_t addresses[MOST_NEIGHBOURS] = { place->old_addr - 8 * PAGE, old_end + 4 * PAGE,
						       place->new_addr - 8 * PAGE, new_end };

	place->occupied = percent(chance, 30) && place->flags & MREMAP_FIXED;
	for (unsigned i = 0; beside && i < MOST_NEIGHBOURS; i++) {
		map_small(addresses[i], NEIGHBOUR_PAGES);
		place->neighbours[place->nr_neighbours++] = addresses[i];
	}
	if (place->occupied)
		map_small(place->new_addr, place->new_pages);
}

void place_clear(void)
{
	munmap((void *)ARENA, ARENA_BYTES);
}
