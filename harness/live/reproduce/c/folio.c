// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MTHP		"/sys/kernel/mm/transparent_hugepage/hugepages-%lukB/" MTHP_SWITCH
#define MTHP_ORDERS	10

/* include/uapi/linux/kernel-page-flags.h */
#define KPF_COMPOUND_HEAD	(1ULL << 15)
#define KPF_COMPOUND_TAIL	(1ULL << 16)
#define KPF_ZERO_PAGE	(1ULL << 24)

/* What every size was set to before. */
static char mthp_before[MTHP_ORDERS][16];

static int open_mthp(int order, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), MTHP, PAGE / 1024 << order);
	return open(path, flags | O_CLOEXEC);
}

static bool set_mthp(int order, const char *choice)
{
	int fd = open_mthp(order, O_WRONLY);
	bool done = fd >= 0 && write(fd, choice, strlen(choice)) == (ssize_t)strlen(choice);

	if (fd >= 0)
		close(fd);
	return done;
}

static void restore_mthp(void)
{
	for (int order = 0; order < MTHP_ORDERS; order++)
		if (mthp_before[order][0])
			set_mthp(order, mthp_before[order]);
}

static void remember_mthp(void)
{
	for (int order = 0; order < MTHP_ORDERS; order++) {
		int fd = open_mthp(order, O_RDONLY);
		char text[128] = "";

		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text) - 1) > 0)
			sscanf(text, "%*[^[][%15[^]]", mthp_before[order]);
		close(fd);
	}
	atexit(restore_mthp);
}

/* The first fault in an empty, aligned range makes a folio of the one size that is on. */
static void make_folio(long first, int order)
{
	if (!mthp_before[order][0])
		remember_mthp();
	for (int other = 0; other < MTHP_ORDERS; other++)
		if (other != order && mthp_before[other][0])
			set_mthp(other, "never");
	if (!set_mthp(order, MTHP_CHOICE))
		not_reached("no setting for folios of %lu kB: root, and v6.8 or later",
			    PAGE / 1024 << order);
	advise(first, 1L << order, MADV_HUGEPAGE, "MADV_HUGEPAGE");
	write_pages(first, 1L << order);
}

/* Protecting one page maps a huge page by its entries; the folio stays. */
static void split_pmd(long first)
{
	protect(page(first), 1, PROT_READ);
	protect(page(first), 1, PROT_READ | PROT_WRITE);
}

/* Pages [first, first + nr) are those from `offset` on of one folio. */
static void expect_folio(long first, long nr, long offset, int order)
{
	__u64 head = (pagemap(page(first)) & PM_PFN) - offset;

	if (head + offset == 0)
		not_reached("page frame numbers are hidden: run it as root");
	for (long n = first; n < first + nr; n++)
		if ((pagemap(page(n)) & PM_PFN) != head + offset + n - first)
			not_reached("page %ld does not follow page %ld in memory", n, n - 1);
	for (long i = 0; i < 1L << order; i++) {
		__u64 bit = i ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD;

		if (!(word_of("/proc/kpageflags", head + i) & bit))
			not_reached("page %ld is not in a folio of order %d", first, order);
	}
	if (word_of("/proc/kpageflags", head + (1L << order)) & KPF_COMPOUND_TAIL)
		not_reached("page %ld is in a folio of an order above %d", first, order);
}

static void expect_small_folios(long first, long nr)
{
	const __u64 large = KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL;

	for (long n = first; n < first + nr; n++)
		if (word_of("/proc/kpageflags", pagemap(page(n)) & PM_PFN) & large)
			not_reached("page %ld is in a large folio", n);
}

static void expect_zero_pages(long first, long nr)
{
	for (long n = first; n < first + nr; n++)
		if (!(word_of("/proc/kpageflags", pagemap(page(n)) & PM_PFN) & KPF_ZERO_PAGE))
			not_reached("page %ld is not the zero page", n);
}
