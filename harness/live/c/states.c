/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is mapped and touched at random. What is done with it then: steps.c. */
#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)

static void *at(uintptr_t address)
{
	return (void *)address;
}

static bool map(uintptr_t start, size_t bytes, int flags, int fd)
{
	return mmap(at(start), bytes, READ_WRITE, flags | MAP_FIXED_NOREPLACE, fd, 0) == at(start);
}

/* -- stores and loads that may fault for good: on guard and poison markers, PROT_NONE */

static sigjmp_buf refused;
static volatile bool trying;

static void back(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (trying)
		siglongjmp(refused, 1);
	if (number == SIGBUS && (info->si_code == BUS_MCEERR_AO || info->si_code == BUS_MCEERR_AR))
		return; /* of MADV_HWPOISON */
	signal(number, SIG_DFL); /* it comes again, and ends the program */
}

static void catch_faults(void)
{
	static const struct sigaction action = { .sa_sigaction = back, .sa_flags = SA_NODEFER | SA_SIGINFO };
	static bool caught;

	if (!caught) {
		sigaction(SIGSEGV, &action, NULL);
		sigaction(SIGBUS, &action, NULL);
		caught = true;
	}
}

void try_write(uintptr_t address, uint64_t value)
{
	catch_faults();
	trying = true;
	if (!sigsetjmp(refused, 0))
		*(volatile uint64_t *)address = value;
	trying = false;
}

void try_read(uintptr_t address)
{
	catch_faults();
	trying = true;
	if (!sigsetjmp(refused, 0))
		(void)*(volatile uint64_t *)address;
	trying = false;
}

/* -- kinds of mappings */

static bool map_anon(struct state *state)
{
	return map(state->start, state->pages * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static bool map_large(struct state *state)
{
	state->large = true;
	return map_anon(state) && !madvise(at(state->start), state->pages * PAGE, MADV_HUGEPAGE);
}

/* Folios of 2 MiB of which the range is a part. What lies beside it is unmapped, so they are mapped by PTEs. */
static bool map_2m(struct state *state)
{
	uintptr_t low = state->start & -TABLE_BYTES, end = state->start + state->pages * PAGE;
	uintptr_t high = (end + TABLE_BYTES - 1) & -TABLE_BYTES;

	state->large = true;
	if (!map(low, high - low, MAP_PRIVATE | MAP_ANONYMOUS, -1))
		return false;
	madvise(at(low), high - low, MADV_HUGEPAGE);
	for (uintptr_t table = low; table < high; table += TABLE_BYTES)
		*(volatile char *)(table < state->start ? state->start : table) = 1;
	if (low < state->start)
		munmap(at(low), state->start - low);
	if (end < high)
		munmap(at(end), high - end);
	return true;
}

static bool map_file(struct state *state, int fd, int flags)
{
	static const char content[PAGE] = "of the file";
	bool mapped = false;

	state->file = true;
	if (fd >= 0 && !ftruncate(fd, state->pages * PAGE)) {
		for (unsigned i = 0; i < state->pages; i += 2) /* every second page is a hole of the file */
			if (pwrite(fd, content, sizeof(content), i * PAGE) < 0)
				break;
		mapped = map(state->start, state->pages * PAGE, flags, fd);
	}
	if (fd >= 0)
		close(fd);
	return mapped;
}

static bool map_memfd(struct state *state)
{
	return map_file(state, memfd_create("pte-review", MFD_CLOEXEC), MAP_SHARED);
}

static bool map_large_memfd(struct state *state)
{
	if (!map_memfd(state))
		return false;
	state->large = true;
	madvise(at(state->start), state->pages * PAGE, MADV_HUGEPAGE);
	return true;
}

static bool map_private(struct state *state)
{
	return map_file(state, memfd_create("pte-review", MFD_CLOEXEC), MAP_PRIVATE);
}

/* A file without a name, of a file system that may ask to be told of the first store to a page. */
static bool map_shared_file(struct state *state)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct statfs system;

	state->notified = fd >= 0 && !fstatfs(fd, &system) && system.f_type != TMPFS_MAGIC;
	return map_file(state, fd, MAP_SHARED);
}

static const struct {
	const char *name;
	unsigned odds; /* of 100 */
	bool (*map)(struct state *state);
} mappings[] = {
	{ "anon", 20, map_anon },	{ "mthp", 40, map_large },     { "thp2m", 14, map_2m },
	{ "memfd", 6, map_memfd },	{ "memfd", 6, map_large_memfd }, { "filepriv", 7, map_private },
	{ "file", 7, map_shared_file },
};

/* Most of a range is written, or a few stretches, or a page here and there; some is only read. */
static void touch(struct state *state, struct chance *chance, uint64_t number)
{
	unsigned written = (unsigned[]){ 100, 90, 60, 30 }[below(chance, 4)];
	unsigned stretch = (unsigned[]){ 1, 1, 4, 16, 64 }[below(chance, 5)];

	for (unsigned first = 0; first < state->pages; first += stretch) {
		bool write = percent(chance, written), read = percent(chance, 50);

		for (unsigned i = first; i < first + stretch && i < state->pages; i++) {
			if (write)
				try_write(state->start + i * PAGE, number * MOST_PAGES + i + 1);
			else if (read)
				try_read(state->start + i * PAGE);
		}
	}
}

bool state_map(struct state *state, struct chance *chance, uintptr_t start, unsigned pages)
{
	static uint64_t number;
	unsigned odds = below(chance, 100), i = 0;

	memset(state, 0, offsetof(struct state, steps));
	state->steps.length = state->steps.bytes[0] = 0;
	state->start = start;
	state->pages = pages;
	state->uffd = -1;
	while (odds >= mappings[i].odds)
		odds -= mappings[i++].odds;
	state->mapping = mappings[i].name;
	if (!mappings[i].map(state))
		return false;
	touch(state, chance, ++number);
	return true;
}

void state_end(struct state *state)
{
	if (state->child) {
		kill(state->child, SIGKILL);
		waitpid(state->child, NULL, 0);
	}
	if (state->uffd >= 0)
		close(state->uffd);
}
