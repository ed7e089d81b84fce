// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

static char *page(long number)
{
	return AREA + number * (long)PAGE;
}

static void map_area(int flags, int fd)
{
	const int prot = PROT_READ | PROT_WRITE;

	if (sysconf(_SC_PAGESIZE) != PAGE)
		not_reached("pages of %ld bytes", sysconf(_SC_PAGESIZE));
	if (mmap(AREA, PAGES * PAGE, prot, flags | MAP_FIXED_NOREPLACE, fd, 0) != AREA)
		not_reached("mmap: %s", strerror(errno));
}

static void advise(long first, long nr, int advice, const char *name)
{
	if (madvise(page(first), nr * PAGE, advice))
		not_reached("%s: %s", name, strerror(errno));
}

static void protect(char *address, long nr, int prot)
{
	if (mprotect(address, nr * PAGE, prot))
		not_reached("mprotect: %s", strerror(errno));
}

/* What page `number` holds. */
static unsigned long mark_of(long number)
{
	return 0x4d41524b00000000UL + (unsigned long)number;
}

static unsigned long get(const char *address)
{
	return *(const volatile unsigned long *)address;
}

static void put(char *address, unsigned long value)
{
	*(volatile unsigned long *)address = value;
}

static void write_pages(long first, long nr)
{
	for (long n = first; n < first + nr; n++)
		put(page(n), mark_of(n));
}

static void read_pages(long first, long nr)
{
	for (long n = first; n < first + nr; n++)
		get(page(n));
}

/* A VMA that was split while the state was made has merged again. */
static void expect_one_vma(long first, long nr)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end, from = (unsigned long)page(first);
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || from < start || from >= end)
			continue;
		fclose(maps);
		if (end < from + nr * PAGE)
			not_reached("pages %ld-%ld lie in several VMAs", first, first + nr - 1);
		return;
	}
	not_reached("/proc/self/maps does not have page %ld", first);
}

/* A page next to the ranges, where nothing may change. */
static void map_beside(char *address)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	if (mmap(address, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) != address)
		not_reached("mmap: %s", strerror(errno));
}
