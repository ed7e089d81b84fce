/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live.h"

static int pagemap_fd = -1, memory_fd = -1;

const char *pages_open(void)
{
	static char why[100];

	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap_fd < 0) {
		snprintf(why, sizeof(why), "/proc/self/pagemap: %s", strerror(errno));
		return why;
	}
	memory_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	return NULL;
}

void pagemap(uintptr_t address, unsigned pages, uint64_t *into)
{
	if (pread(pagemap_fd, into, pages * sizeof(*into), address / PAGE * sizeof(*into)) < 0)
		memset(into, 0, pages * sizeof(*into));
}

/*
 * What a process may know of its own entries without privileges: the bits of pagemap, and in the place of the page
 * frame the number at the start of each present page, in units of a page, so that consecutive ones are a run.
 */
void pagemap_and_contents(uintptr_t address, unsigned pages, uint64_t *into)
{
	pagemap(address, pages, into);
	for (unsigned i = 0; i < pages; i++) {
		uint64_t number = 0;

		into[i] &= ~PM_FRAME;
		if (into[i] & PM_PRESENT && pread(memory_fd, &number, sizeof(number), address + i * PAGE) > 0)
			into[i] |= number * PAGE & PM_FRAME;
	}
}
