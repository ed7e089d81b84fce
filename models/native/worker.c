/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process for C that nobody vouches for: worker IN OUT ARENA BYTES PARENT LEAVE_OUT OBJECT... The first three are
 * descriptors. The constants PR_* are those of models/native/arena.py. It gives up what it does not need (confine.h),
 * maps the arena and says '!' and what it could not give up. Then it does what it is asked for, a byte each, and answers
 * '.' when it is done. LEAVE_OUT is for tests: parts of the confinement to do without.
 *
 * Without an object that is all. With one it makes runs of it ('r', or 'a' where others act: then it also asks before each event at which they
 * may). With three, a driver and two sides of a pair, it does what harness/exhaust/c/exhaust.c does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "confine.h"

static uint64_t *arena;
static int in, out;

static void say(char what)
{
	if (write(out, &what, 1) != 1)
		_exit(3);
}

static int hear(char *what)
{
	return read(in, what, 1) == 1;
}

static void *loaded(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!object) {
		dprintf(2, "%s\n", dlerror());
		_exit(2);
	}
	return object;
}

static void *function(void *object, const char *name)
{
	void *found = dlsym(object, name);

	if (!found)
		_exit(2);
	return found;
}

static void ready(int lacks)
{
	lacks |= confine_runs(in, out);
	say('!');
	say('0' + lacks);
}

/* -- one object */

static void (*change)(uint64_t number, uint64_t value);
static void (*answer)(uint64_t value);
static uint64_t (*count)(void);

/* Tell of the event that is about to happen; take what others changed before it, and the value it finds. */
static void ask(void *machine)
{
	char go;

	arena[PR_REPLY_AT + PR_REP_EVENTS] = count();
	say('?');
	if (!hear(&go))
		_exit(0);
	for (uint64_t i = 0; i < arena[PR_CHANGES_AT + 1]; i++)
		change(arena[PR_CHANGES_AT + 2 + 2 * i], arena[PR_CHANGES_AT + 3 + 2 * i]);
	answer(arena[PR_CHANGES_AT]);
}

/* Variables of the object, two stretches around its own memory: what they hold at first, and again before each run. */
static struct { char *at, *first; size_t bytes; } variables[2];
static char store[1 << 20];
static char *kept;
static uint64_t kept_bytes;

static int remember(struct dl_phdr_info *object, size_t size, void *unused)
{
	char *start = NULL, *end = NULL, *read_only = NULL;

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		char *at = (char *)object->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_GNU_RELRO)
			read_only = at + part->p_memsz;
		if (part->p_type == PT_LOAD && (part->p_flags & PF_W) && kept >= at && kept < at + part->p_memsz) {
			start = at;
			end = at + part->p_memsz;
		}
	}
	if (!start)
		return 0;
	if (read_only > start && read_only < end)
		start = read_only;
	variables[0].at = start;
	variables[0].bytes = kept - start;
	variables[1].at = kept + kept_bytes;
	variables[1].bytes = end - variables[1].at;
	if (variables[0].bytes + variables[1].bytes > sizeof(store))
		_exit(2);
	variables[0].first = store;
	variables[1].first = store + variables[0].bytes;
	for (int i = 0; i < 2; i++)
		memcpy(variables[i].first, variables[i].at, variables[i].bytes);
	return 1;
}

static void forget(void)
{
	for (int i = 0; i < 2; i++)
		if (variables[i].bytes)
			memcpy(variables[i].at, variables[i].first, variables[i].bytes);
}

/* Go to the CPU where whoever asks waits: models/native/process.py says why. */
static void follow(uint64_t cpu)
{
	static uint64_t now = ~0UL;
	cpu_set_t one;

	if (cpu == now || cpu >= CPU_SETSIZE)
		return;
	now = cpu;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int serve_runs(const char *path, int lacks)
{
	void *object = loaded(path);
	int (*run)(const uint64_t *, uint64_t *, void *, void (*)(void *)) = function(object, "pr_run");
	void (*guard)(void) = function(object, "pr_guard");
	void *(*outlives)(uint64_t *bytes) = function(object, "pr_outlives");
	char command;

	change = function(object, "pr_change");
	answer = function(object, "pr_answer");
	count = function(object, "pr_count");
	ready(lacks);
	kept = outlives(&kept_bytes);
	dl_iterate_phdr(remember, NULL);
	guard();
	while (hear(&command)) {
		follow(arena[PR_REQUEST_AT + PR_REQ_CPU]);
		forget();
		if (run(arena + PR_REQUEST_AT, arena + PR_REPLY_AT, arena + PR_EVENTS_AT, command == 'a' ? ask : NULL))
			return 2;
		say('.');
	}
	return 0;
}

/* -- a pair, with what drives it */

static int serve_pair(char **paths, int lacks)
{
	static const char *names[] = { "pr_side", "pr_side_run", "pr_plain", "pr_kind", "pr_frame" };
	void *functions[10], *driver = loaded(paths[0]);
	void (*sides)(void **) = function(driver, "px_sides");
	int (*serve)(char, uint64_t *) = function(driver, "px_serve");
	char command;

	for (int i = 0; i < 2; i++) {
		void *side = loaded(paths[1 + i]);

		for (int n = 0; n < 5; n++)
			functions[5 * i + n] = function(side, names[n]);
	}
	ready(lacks);
	sides(functions);
	while (hear(&command))
		say(serve(command, arena) ? '-' : '.');
	return 0;
}

int main(int argc, char **argv)
{
	int lacks;

	if (argc != 7 && argc != 8 && argc != 10)
		return 2;
	in = atoi(argv[1]);
	out = atoi(argv[2]);
	leave_out = atoi(argv[6]);
	lacks = confine_loading(atoi(argv[5]), argv + 7, in, out);
	arena = mmap(NULL, strtoull(argv[4], NULL, 10), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[3]), 0);
	if (arena == MAP_FAILED)
		return 2;
	if (argc == 7) {
		ready(lacks);
		return 0;
	}
	return argc == 8 ? serve_runs(argv[7], lacks) : serve_pair(argv + 7, lacks);
}
