/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process for C that nobody vouches for: worker OBJECT ARENA_FD BYTES SECONDS. The constants PR_* are those of
 * models/native/arena.py. It maps the arena and runs what it is asked for, one byte on its standard input a run, one on
 * its standard output when it is done. Where others act between two accesses it also asks before each event at which they
 * may. A crash of the C is the end of this process; so are SECONDS of CPU time in one run, by SIGPROF, whether or not
 * anybody still waits for it.
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
#include <sys/time.h>
#include <unistd.h>

static uint64_t *arena;
static void (*change)(uint64_t number, uint64_t value);
static void (*answer)(uint64_t value);
static uint64_t (*count)(void);

static void say(char what)
{
	if (write(1, &what, 1) != 1)
		_exit(3);
}

static int hear(char *what)
{
	return read(0, what, 1) == 1;
}

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
	for (int i = 0; i < 2; i++) {
		variables[i].first = malloc(variables[i].bytes + 1);
		if (!variables[i].first)
			_exit(2);
		memcpy(variables[i].first, variables[i].at, variables[i].bytes);
	}
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

static void allow(long seconds)
{
	struct itimerval time = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_PROF, &time, NULL);
}

int main(int argc, char **argv)
{
	int (*run)(const uint64_t *, uint64_t *, void *, void (*)(void *));
	void *(*outlives)(uint64_t *bytes);
	void (*guard)(void);
	void *object;
	char command;

	if (argc != 5)
		return 2;
	arena = mmap(NULL, strtoull(argv[3], NULL, 10), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[2]), 0);
	object = dlopen(argv[1], RTLD_NOW);
	if (arena == MAP_FAILED || !object) {
		fprintf(stderr, "%s\n", object ? "mmap" : dlerror());
		return 2;
	}
	*(void **)&run = dlsym(object, "pr_run");
	*(void **)&guard = dlsym(object, "pr_guard");
	*(void **)&change = dlsym(object, "pr_change");
	*(void **)&answer = dlsym(object, "pr_answer");
	*(void **)&count = dlsym(object, "pr_count");
	*(void **)&outlives = dlsym(object, "pr_outlives");
	kept = outlives(&kept_bytes);
	dl_iterate_phdr(remember, NULL);
	guard();
	say('!');
	while (hear(&command)) {
		follow(arena[PR_REQUEST_AT + PR_REQ_CPU]);
		forget();
		allow(atol(argv[4]));
		if (run(arena + PR_REQUEST_AT, arena + PR_REPLY_AT, arena + PR_EVENTS_AT, command == 'a' ? ask : NULL))
			return 2;
		allow(0);
		say('.');
	}
	return 0;
}
