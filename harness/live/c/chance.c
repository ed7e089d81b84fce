/* SPDX-License-Identifier: GPL-2.0-only */
#include "live.h"

/* splitmix64 of Steele, Lea and Flood */
static uint64_t next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Each record can be made again alone: its choices depend on the seed and its number. */
void chance_seed(struct chance *chance, uint64_t seed, uint64_t number)
{
	chance->state = seed;
	chance->state = next(chance) + number;
	next(chance);
}

struct chance chance_apart(struct chance *chance)
{
	return (struct chance){ next(chance) };
}

unsigned below(struct chance *chance, unsigned limit)
{
	return next(chance) % limit;
}

bool percent(struct chance *chance, unsigned odds)
{
	return below(chance, 100) < odds;
}

/* At least one page and at most `most` of `pages`. */
struct part some_part(struct chance *chance, unsigned pages, unsigned most)
{
	unsigned first = below(chance, pages), length = 1 + below(chance, most ? most : 1);

	return (struct part){ first, first + length < pages ? first + length : pages };
}
