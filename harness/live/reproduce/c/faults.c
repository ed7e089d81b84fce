// SPDX-License-Identifier: GPL-2.0-only
#include <sys/resource.h>

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static long faults_of_write(char *address, unsigned long value)
{
	long before;

	faults(); /* its own pages are there from now on */
	before = faults();
	put(address, value);
	return faults() - before;
}

/* The first write to a page tells whether its entry is writable. */
static void expect_faults_of_write(long first, long nr, long wanted)
{
	for (long n = first; n < first + nr; n++) {
		long taken = faults_of_write(page(n), mark_of(n));

		if (taken != wanted)
			not_reached("page %ld: a write took %ld faults, not %ld", n, taken, wanted);
	}
}
