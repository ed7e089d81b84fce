/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The struct page of a page frame, in the kernel's memory. /proc/kpageflags has the flags of the folio for each of its
 * pages, so AnonExclusive, which is a page's own, is in none of them. Where the array of struct page begins is tried: the
 * one of a page of ours has the number of that page in its index.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "live.h"

#define WORDS_OF_PAGE 8

static uint64_t array, bytes; /* where it begins, of one struct page */
static long exclusive_bit = -1;
static uint64_t chunk[PAGE / 8], chunk_at;

static const uint64_t *words_of(uint64_t pfn)
{
	uint64_t at = array + pfn * bytes;
	const uint64_t *copy;

	if (!chunk_at || at - chunk_at >= PAGE) {
		copy = kernel_page(at & -PAGE);
		if (!copy)
			return NULL;
		memcpy(chunk, copy, PAGE);
		chunk_at = at & -PAGE;
	}
	return chunk + (at - chunk_at) / 8;
}

static bool is_page_of(uint64_t pfn, uint64_t number)
{
	const uint64_t *words = words_of(pfn);

	for (int i = 1; words && i < WORDS_OF_PAGE; i++)
		if (words[i] == number)
			return true;
	return false;
}

#ifdef __x86_64__
/* arch/x86/mm/kaslr.c moves it; else __VMEMMAP_BASE_L4 and _L5. */
static unsigned candidates(uint64_t *into)
{
	uint64_t variable = kernel_symbol("vmemmap_base");

	into[0] = variable ? kernel_pointer(variable) : 0;
	into[1] = 0xffffea0000000000ULL;
	into[2] = 0xffd4000000000000ULL;
	return 3;
}
#else
/* arch/arm64/include/asm/memory.h: VMEMMAP_START of 48 and 52 bits, less where the linear map begins. */
static unsigned candidates(uint64_t *into)
{
	const uint64_t end = -(1ULL << 30);

	for (unsigned i = 0; i < 2; i++) {
		uint64_t offset = -(1ULL << (i ? 52 : 48)), size = (-(1ULL << 47) - offset) / PAGE * bytes;
		/* Below 0 where memory begins above address 0. */
		int64_t pages = (int64_t)(kernel_linear() - offset) / (int64_t)PAGE;

		into[i] = end - size + (uint64_t)pages * bytes;
	}
	return 2;
}
#endif

bool frames_open(void)
{
	volatile char *page = mmap((void *)ARENA, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t found[3], said;
	long size = btf_size("page");
	unsigned nr;

	if (page == MAP_FAILED)
		return false;
	page[0] = 1;
	pagemap((uintptr_t)page, 1, &said);
	exclusive_bit = btf_value("pageflags", "PG_anon_exclusive");
	bytes = size;
	nr = size == WORDS_OF_PAGE * 8 && exclusive_bit >= 0 ? candidates(found) : 0;
	for (unsigned i = 0; i < nr; i++) {
		array = found[i];
		chunk_at = 0;
		if (array && is_page_of(said & PM_FRAME, (uintptr_t)page / PAGE))
			break;
		array = 0;
	}
	munmap((void *)page, PAGE);
	return nr && array;
}

bool frames_known(void)
{
	return array;
}

void forget_frames(void)
{
	chunk_at = 0;
}

bool frame_exclusive(uint64_t pfn)
{
	const uint64_t *words = array ? words_of(pfn) : NULL;

	return words && words[0] >> exclusive_bit & 1;
}
