// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

/* MADV_PAGEOUT passes over a page that somebody else holds at that moment. */
static void swap_out(long first, long nr)
{
	for (long n = first; n < first + nr; n++) {
		for (int tries = 0; pagemap(page(n)) & PM_PRESENT; tries++) {
			if (tries == 20)
				not_reached("page %ld stays in memory: is there swap?", n);
			if (tries)
				usleep(1000);
			advise(n, 1, MADV_PAGEOUT, "MADV_PAGEOUT");
		}
	}
}
