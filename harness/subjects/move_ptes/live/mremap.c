// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

/* Less than a page table moves, so its entries do, in move_ptes(). */
static void move(int flags)
{
	if (mremap(page(FIRST), MOVED * PAGE, MOVED * PAGE, MREMAP_FIXED | flags, NEW) != NEW)
		not_reached("mremap: %s", strerror(errno));
}

/* Where page `number` is after the move. */
static char *after(long number)
{
	return NEW + (number - FIRST) * (long)PAGE;
}
