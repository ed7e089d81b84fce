/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses where nothing else is: a program of this size lies elsewhere. */
#include "live.h"

uintptr_t arena_table(unsigned number)
{
	return ARENA + number * TABLE_BYTES;
}

unsigned some_length(struct chance *chance)
{
	static const unsigned lengths[] = { 1, 2, 3, 8, 16, 17, 31, 32, 48, 64, 64, 100, 128, 200, 300, 512, 600, 1100 };

	return lengths[below(chance, sizeof(lengths) / sizeof(lengths[0]))];
}

unsigned some_page_of_table(struct chance *chance)
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
