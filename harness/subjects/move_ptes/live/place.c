/* SPDX-License-Identifier: GPL-2.0-only */
#include <sys/mman.h>

#include "place.h"

/* Addresses where nothing else is: a program of this size lies elsewhere. They start at a multiple of 1 GiB. */
#define ARENA 0x200000000000UL
#define ARENA_BYTES (4UL << 30)
#define PUD_BYTES (1UL << 30)

static uintptr_t table_at(unsigned number)
{
	return ARENA + number * TABLE_BYTES;
}

static unsigned length(struct chance *chance)
{
	static const unsigned lengths[] = { 1, 2, 3, 8, 16, 17, 31, 32, 48, 64, 64, 100, 128, 200, 300, 512, 600, 1100 };

	return lengths[below(chance, sizeof(lengths) / sizeof(lengths[0]))];
}

/* The page of a table that a range starts at. */
static unsigned old_page(struct chance *chance)
{
	unsigned any = below(chance, TABLE_PAGES);

	switch (below(chance, 7)) {
	case 0:
	case 1:
		return 0;
	case 2:
		return 16;
	case 3:
		return 496;
	case 4:
		return 511;
	default:
		return any;
	}
}

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
	unsigned first = old_page(chance), where = below(chance, 8), how = below(chance, 20);
	unsigned fewer = below(chance, 9), more = 1 + below(chance, 3), second = new_page(chance, first);

	place.pages = place.new_pages = length(chance);
	place.old_addr = table_at(2) + first * PAGE;
	place.new_addr = table_at(16) + second * PAGE;
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
