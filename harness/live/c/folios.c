/* SPDX-License-Identifier: GPL-2.0-only */
/* The folios that entries map, by /proc/kpageflags, and which of their pages are AnonExclusive. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "live.h"

/* include/uapi/linux/kernel-page-flags.h */
#define KPF_ANON (1ULL << 12)
#define KPF_COMPOUND_HEAD (1ULL << 15)
#define KPF_COMPOUND_TAIL (1ULL << 16)

struct folio {
	uint64_t pfn;
	unsigned order;
	bool anon;
};

static int flags_fd = -1;

bool folios_open(void)
{
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	return folios_known();
}

bool folios_known(void)
{
	uint64_t flags;

	return flags_fd >= 0 && pread(flags_fd, &flags, sizeof(flags), 0) == sizeof(flags);
}

/* Some page frames at once: those that are asked for lie beside each other, more often than not. */
#define CHUNK 32

static uint64_t chunk[CHUNK], chunk_at;
static ssize_t chunk_length;

static void forget_flags(void)
{
	chunk_length = 0;
}

static uint64_t flags_of(uint64_t pfn)
{
	if (pfn - chunk_at >= CHUNK || !chunk_length) {
		chunk_at = pfn & -(uint64_t)CHUNK;
		chunk_length = pread(flags_fd, chunk, sizeof(chunk), chunk_at * sizeof(*chunk));
	}
	return (ssize_t)((pfn - chunk_at + 1) * sizeof(*chunk)) <= chunk_length ? chunk[pfn - chunk_at] : 0;
}

/* A folio starts at a multiple of its size, so a block of 512 page frames holds it whole. */
static struct folio folio_of(uint64_t pfn)
{
	static uint64_t block[TABLE_PAGES];
	uint64_t flags = flags_of(pfn), base = pfn & ~(TABLE_PAGES - 1ULL);
	struct folio folio = { pfn, 0, flags & KPF_ANON };
	unsigned head = pfn - base, end;

	if (!(flags & (KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL)))
		return folio;
	if (pread(flags_fd, block, sizeof(block), base * sizeof(*block)) != sizeof(block))
		return folio;
	while (head && !(block[head] & KPF_COMPOUND_HEAD))
		head--;
	for (end = head + 1; end < TABLE_PAGES && block[end] & KPF_COMPOUND_TAIL; end++)
		;
	folio.pfn = base + head;
	while (1U << (folio.order + 1) <= end - head)
		folio.order++;
	folio.anon = block[head] & KPF_ANON;
	return folio;
}

static int by_number(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

/* The folios that present entries map, each once, and which of their pages are AnonExclusive, as ranges of PFNs. */
void say_folios(FILE *out, const uint64_t *ptes, unsigned count)
{
	static uint64_t pfns[MOST_PAGES], exclusive[MOST_PAGES];
	unsigned frames = 0, owned = 0;
	uint64_t end = 0;
	const char *comma = "";

	for (unsigned i = 0; i < count; i++)
		if (entry_present(ptes[i]))
			pfns[frames++] = entry_pfn(ptes[i]);
	forget_flags();
	forget_frames();
	qsort(pfns, frames, sizeof(*pfns), by_number);
	fprintf(out, ",\"folios\":[");
	for (unsigned i = 0; i < frames; i++) {
		struct folio folio = folio_of(pfns[i]);

		if (folio.anon && frame_exclusive(pfns[i]) && (!owned || exclusive[owned - 1] != pfns[i]))
			exclusive[owned++] = pfns[i];
		if (pfns[i] < end)
			continue;
		fprintf(out, "%s[%" PRIu64 ",%u,%s]", comma, folio.pfn, folio.order, folio.anon ? "true" : "false");
		comma = ",";
		end = folio.pfn + (1ULL << folio.order);
	}
	fprintf(out, "],\"exclusive\":[");
	for (unsigned i = 0, first = 0; i < owned; i++) {
		if (i + 1 < owned && exclusive[i + 1] == exclusive[i] + 1)
			continue;
		fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", first ? "," : "", exclusive[first], exclusive[i] + 1);
		first = i + 1;
	}
	fputc(']', out);
}
