/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "live.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

struct facts facts;

static void lacks(const char *what)
{
	add(&facts.missing, "%s\"%s\"", facts.missing.length ? "," : "", what);
}

/* Calls `with` for each size of folio that there can be: its folder, and its order. */
static void each_order(void (*with)(const char *folder, unsigned order))
{
	DIR *folder = opendir(THP);
	struct dirent *entry;
	unsigned long kib;

	while (folder && (entry = readdir(folder))) {
		char path[sizeof(THP) + sizeof(entry->d_name)];

		if (sscanf(entry->d_name, "hugepages-%lukB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), "%s%s", THP, entry->d_name);
		with(path, __builtin_ctzl(kib / 4));
	}
	if (folder)
		closedir(folder);
}

static bool advised(const char *setting, bool inherits)
{
	return strstr(setting, "[always]") || strstr(setting, "[madvise]") || (inherits && strstr(setting, "[inherit]"));
}

static void look_at_order(const char *folder, unsigned order)
{
	char path[600], setting[100], global[100] = "";

	snprintf(path, sizeof(path), "%s/enabled", folder);
	file_says(THP "enabled", global, sizeof(global));
	if (file_says(path, setting, sizeof(setting)) && advised(setting, advised(global, false)))
		facts.orders |= 1U << order;
}

/* Huge pages and swap are turned on by the guest's init. */
void facts_set_up(void)
{
	facts.booted = true;
	/* khugepaged would collapse between the two reads */
	set_file(THP "khugepaged/scan_sleep_millisecs", "1000000000");
	set_file(THP "khugepaged/alloc_sleep_millisecs", "1000000000");
	facts.numa = numa_set_up();
}

static bool has_soft_dirty(void)
{
	volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t said;

	page[0] = 1;
	pagemap((uintptr_t)page, 1, &said);
	munmap((void *)page, PAGE);
	return said & PM_SOFT_DIRTY;
}

static bool has_swap(void)
{
	FILE *file = fopen("/proc/swaps", "re");
	char line[200];
	int lines = 0;

	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	return lines > 1;
}

void facts_find(void)
{
	struct utsname name;
	const char *why = pages_open();

	if (why)
		give_up("nothing can be recorded without %s", why);
	if (sysconf(_SC_PAGESIZE) != PAGE)
		give_up("pages of %ld bytes are not modelled: expected 4096", sysconf(_SC_PAGESIZE));
	uname(&name);
	snprintf(facts.release, sizeof(facts.release), "%s", name.release);
#ifdef __x86_64__
	facts.arch = "x86_64";
#else
	facts.arch = "arm64";
#endif
	facts.soft_dirty = has_soft_dirty();
	why = geteuid() ? "not root" : tables_open();
	facts.raw = !why;
	if (why) {
		char line[300];

		snprintf(line, sizeof(line), "raw entries: %s", why);
		lacks(line);
	}
	if (facts.raw && !folios_open())
		lacks("folios: /proc/kpageflags cannot be read");
	if (facts.raw && !frames_open())
		lacks("AnonExclusive: the array of struct page was not found");
	each_order(look_at_order);
	if (!(facts.orders & ~(1U << 9)))
		lacks("folios of 16K to 1M: no size is enabled (" THP "hugepages-*kB/enabled)");
	if (!(facts.orders & 1U << 9))
		lacks("folios of 2M: not enabled (" THP "enabled)");
	facts.swap = has_swap();
	if (!facts.swap)
		lacks("swap entries: no swap (/proc/swaps)");
	if (!facts.numa)
		lacks(facts.booted ? "hints of NUMA balancing: not there" : "hints of NUMA balancing: only on a booted kernel");
	if (!facts.booted)
		lacks("hwpoison entries: only on a booted kernel");
	if (uffd_open(false) < 0)
		lacks("userfaultfd: not there, or without WP_ASYNC (v6.7)");
}

void say_facts(uint64_t seed, uint64_t number)
{
	const char *comma = "";

	printf("{\"function\":\"%s\",\"kernel\":\"%s\",\"arch\":\"%s\",\"soft_dirty\":%s", recorded_function, facts.release,
	       facts.arch, facts.soft_dirty ? "true" : "false");
	printf(",\"seed\":%" PRIu64 ",\"number\":%" PRIu64, seed, number);
	if (!facts.raw)
		printf(",\"subset\":\"pagemap\"");
	printf(",\"orders\":[");
	for (unsigned order = 0; order < 32; order++) {
		if (facts.orders & 1U << order) {
			printf("%s%u", comma, order);
			comma = ",";
		}
	}
	printf("],\"missing\":[%.*s]", (int)facts.missing.length, facts.missing.bytes);
}
