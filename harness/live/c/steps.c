/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done with memory before it is looked at: system calls alone, each noted with its pages. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"

/* Of v6.1 and v6.13, which older headers lack. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static void *page_at(const struct state *state, unsigned page)
{
	return (void *)(state->start + page * PAGE);
}

void step(struct state *state, const char *name, struct part part)
{
	add(&state->steps, "%s[\"%s\",%u,%u]", state->steps.length ? "," : "", name, part.first, part.end);
}

static void advise(struct state *state, const char *name, int advice, struct part part)
{
	if (!madvise(page_at(state, part.first), (part.end - part.first) * PAGE, advice))
		step(state, name, part);
}

static void protect(struct state *state, const char *name, int protection, struct part part)
{
	if (!mprotect(page_at(state, part.first), (part.end - part.first) * PAGE, protection))
		step(state, name, part);
}

/* Whole folios of 16 pages by their address: what is shared and what not then differs between contpte blocks. */
static struct part in_blocks(const struct state *state, struct chance *chance, struct part part)
{
	unsigned off = state->start / PAGE % 16;

	if (percent(chance, 40) || state->pages < 32)
		return part;
	part.first = part.first + off < 16 ? 0 : (part.first + off) / 16 * 16 - off;
	part.end = part.first + 16 * (1 + below(chance, 3)) - (part.first ? 0 : off);
	if (part.end > state->pages)
		part.end = state->pages;
	return part;
}

/*
 * A child gets all but `part` and ends at once, or lives on and shares the pages. In this process they lose their write
 * bit. MADV_DOFORK makes it one VMA again.
 */
static void fork_without(struct state *state, struct chance *chance, struct part part)
{
	size_t bytes = (part.end - part.first) * PAGE;
	bool stays = percent(chance, 40) && !state->child;
	pid_t child;

	madvise(page_at(state, part.first), bytes, MADV_DONTFORK);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (state->uffd >= 0)
			close(state->uffd);
		while (stays)
			pause();
		_exit(0);
	}
	madvise(page_at(state, part.first), bytes, MADV_DOFORK);
	if (child < 0)
		return;
	step(state, stays ? "fork all but, the child stays" : "fork all but", part);
	if (stays)
		state->child = child;
	else
		waitpid(child, NULL, 0);
}

static void write_again(struct state *state, struct part part)
{
	for (unsigned i = part.first; i < part.end; i++)
		try_write(state->start + i * PAGE, (uint64_t)(state->start / PAGE + i) << 12 | 7);
	step(state, "write", part);
}

static void read_again(struct state *state, struct part part)
{
	for (unsigned i = part.first; i < part.end; i++)
		try_read(state->start + i * PAGE);
	step(state, "read", part);
}

static void clear_soft_dirty(struct state *state)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "4", 1) == 1) {
		step(state, "clear soft-dirty", (struct part){ 0, state->pages });
		state->tracked = true;
	}
	if (fd >= 0)
		close(fd);
}

static void watch(struct state *state, struct chance *chance)
{
	bool event_remap = percent(chance, 35), missing_too = percent(chance, 40);

	if (state->uffd >= 0)
		return;
	state->uffd = uffd_open(event_remap);
	if (state->uffd < 0)
		return;
	if (!uffd_register(state->uffd, state->start, state->pages, missing_too && !state->file)) {
		close(state->uffd);
		state->uffd = -1;
		return;
	}
	state->event_remap = event_remap;
	step(state, event_remap ? "userfaultfd with EVENT_REMAP" : "userfaultfd", (struct part){ 0, state->pages });
}

static void write_protect(struct state *state, struct part part, bool on)
{
	if (state->uffd < 0)
		return;
	uffd_protect(state->uffd, state->start + part.first * PAGE, part.end - part.first, on);
	step(state, on ? "uffd-wp" : "uffd-wp off", part);
}

static void hint(struct state *state)
{
	if (facts.raw && numa_hint(state->start, state->pages))
		step(state, "NUMA hints", (struct part){ 0, state->pages });
}

/* Where nothing is mapped. */
static void poison(struct state *state, struct part part)
{
	if (state->uffd >= 0)
		madvise(page_at(state, part.first), PAGE, MADV_DONTNEED);
	if (state->uffd >= 0 && uffd_poison(state->uffd, state->start + part.first * PAGE))
		step(state, "poison", (struct part){ part.first, part.first + 1 });
}

/* Without raw entries a swap entry with uffd-wp and a marker look the same, so such entries are not made then. */
static bool may_swap(const struct state *state)
{
	return facts.raw || state->uffd < 0;
}

static void change_once(struct state *state, struct chance *chance)
{
	unsigned what = below(chance, 100);
	struct part part = some_part(chance, state->pages, state->pages / 2);
	struct part few = some_part(chance, state->pages, 8);
	struct part blocks = in_blocks(state, chance, part);
	bool memory_protection = percent(chance, 50);
	struct chance own = chance_apart(chance);

	if (what < 8)
		advise(state, "MADV_DONTNEED", MADV_DONTNEED, few);
	else if (what < 16)
		advise(state, "MADV_FREE", MADV_FREE, part);
	else if (what < 22)
		advise(state, "MADV_COLD", MADV_COLD, part);
	else if (what < 29 && state->uffd < 0) /* the call never ends on uffd-wp markers, seen on 6.18.44 */
		advise(state, "MADV_GUARD_INSTALL", MADV_GUARD_INSTALL, few);
	else if (what < 36 && may_swap(state))
		advise(state, "MADV_PAGEOUT", MADV_PAGEOUT, percent(&own, 50) ? blocks : few);
	else if (what < 58)
		fork_without(state, &own, blocks);
	else if (what < 68)
		write_again(state, percent(&own, 50) ? few : blocks);
	else if (what < 72)
		read_again(state, part);
	else if (what < 80) {
		protect(state, memory_protection ? "PROT_NONE" : "PROT_READ", memory_protection ? PROT_NONE : PROT_READ,
			blocks);
		protect(state, "PROT_READ|PROT_WRITE", PROT_READ | PROT_WRITE, blocks);
	} else if (what < 84 && facts.soft_dirty)
		clear_soft_dirty(state);
	else if (what < 92)
		write_protect(state, percent(&own, 50) ? few : blocks, percent(&own, 80));
	else if (what < 95)
		poison(state, few);
	else if (what < 98)
		hint(state);
	else if (what < 99 && facts.booted && !state->file) /* the page is lost until the kernel ends */
		advise(state, "MADV_HWPOISON", MADV_HWPOISON, (struct part){ few.first, few.first + 1 });
	else if (percent(&own, 20))
		advise(state, "MADV_COLLAPSE", MADV_COLLAPSE, (struct part){ 0, state->pages });
}

void state_change(struct state *state, struct chance *chance)
{
	unsigned watched = percent(chance, 40) ? below(chance, 3) : 99, nr = watched < 99 ? 3 : 0;

	nr += below(chance, 5);
	for (unsigned i = 0; i < nr; i++) {
		struct chance own = chance_apart(chance);

		if (i == watched) {
			watch(state, &own);
			if (percent(&own, 80))
				write_protect(state, some_part(&own, state->pages, state->pages), true);
		}
		change_once(state, chance);
	}
}
