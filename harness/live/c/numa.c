/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hints of NUMA balancing: entries that the scanner made PROT_NONE so that a fault says which node uses the page. It
 * runs by itself, so it is turned on for a moment, on a kernel that was booted for this, and off again before anything
 * is read.
 */
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "live.h"

#define SWITCH "/proc/sys/kernel/numa_balancing"
#define SCANNER "/sys/kernel/debug/sched/numa_balancing/"
#define LONGEST 40 /* milliseconds of one try */

static bool usable;

bool numa_set_up(void)
{
	usable = set_file(SWITCH, "0") && set_file(SCANNER "scan_delay_ms", "1") &&
		 set_file(SCANNER "scan_period_min_ms", "1") && set_file(SCANNER "scan_period_max_ms", "1") &&
		 set_file(SCANNER "scan_size_mb", "1024");
	return usable;
}

static bool has_hint(uintptr_t address, unsigned pages)
{
	static uint64_t entries[MOST_PAGES];

	raw_entries(address, pages, entries);
	for (unsigned i = 0; i < pages; i++)
		if (entry_present(entries[i]) && !(entries[i] & 1))
			return true;
	return false;
}

static void *wait_for_end(void *argument)
{
	char end;

	return read((int)(intptr_t)argument, &end, 1) ? argument : NULL;
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The scanner works when the task returns from a tick. It takes pages of the node that a lone thread runs on for well
 * placed, and asks for no node only where the mm has several users.
 */
bool numa_hint(uintptr_t address, unsigned pages)
{
	long end = milliseconds() + LONGEST;
	pthread_t other;
	bool hinted = false;
	int ends[2];

	if (!usable || pipe2(ends, O_CLOEXEC))
		return false;
	if (!pthread_create(&other, NULL, wait_for_end, (void *)(intptr_t)ends[0])) {
		set_file(SWITCH, "1");
		while (!hinted && milliseconds() < end)
			hinted = has_hint(address, pages);
		set_file(SWITCH, "0");
		close(ends[1]);
		pthread_join(other, NULL);
	}
	close(ends[0]);
	return hinted;
}
