// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* How many of the pages at `address` do not hold what was written to pages [first, first + nr). */
static int other_data(const char *address, long first, long nr)
{
	int wrong = 0;

	for (long n = first; n < first + nr; n++) {
		unsigned long value = get(address + (n - first) * PAGE);

		if (value == mark_of(n))
			continue;
		printf("# page %ld holds %#lx, expected %#lx\n", n, value, mark_of(n));
		wrong++;
	}
	return wrong;
}

/* How many pages of another process change when this one writes to its own. */
static int writes_seen_by_witness(long first, long nr)
{
	int wrong = 0;

	for (long n = first; n < first + nr; n++) {
		put(after(n), ~mark_of(n));
		if (ask_witness(n) == mark_of(n))
			continue;
		printf("# page %ld: the write of the parent is in the page of the child\n", n);
		wrong++;
	}
	return wrong;
}

/* How many pages take another number of faults when they are written. */
static int other_faults_of_write(long first, long nr, long wanted)
{
	int wrong = 0;

	for (long n = first; n < first + nr; n++) {
		long taken = faults_of_write(after(n), mark_of(n));

		if (taken == wanted)
			continue;
		printf("# page %ld: a write took %ld faults, not %ld\n", n, taken, wanted);
		wrong++;
	}
	return wrong;
}

/* Reclaim writes what is dirty to swap, and may drop what is not. */
static int data_lost_by_reclaim(long first, long nr)
{
	for (long n = first; n < first + nr; n++) {
		for (int tries = 0; pagemap(after(n)) & PM_PRESENT; tries++) {
			if (tries == 20)
				not_reached("page %ld stays in memory: is there swap?", n);
			if (madvise(after(n), PAGE, MADV_PAGEOUT))
				not_reached("MADV_PAGEOUT: %s", strerror(errno));
		}
	}
	return other_data(after(first), first, nr);
}
