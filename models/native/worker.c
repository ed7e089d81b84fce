/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process for C that nobody vouches for: worker OBJECT ARENA_FD BYTES. It maps the arena and runs what it is asked
 * for, one byte on its standard input a run, one on its standard output when it is done. Where others act between two
 * accesses it also asks before each event. A crash of the C is the end of this process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* models/native/arena.py */
enum { REQUEST_AT = 0, REPLY_AT = 1 << 16, CHANGES_AT = 1 << 17, EVENTS_AT = 1 << 18, REP_EVENTS = 5 };

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

	arena[REPLY_AT + REP_EVENTS] = count();
	say('?');
	if (!hear(&go))
		_exit(0);
	for (uint64_t i = 0; i < arena[CHANGES_AT + 1]; i++)
		change(arena[CHANGES_AT + 2 + 2 * i], arena[CHANGES_AT + 3 + 2 * i]);
	answer(arena[CHANGES_AT]);
}

int main(int argc, char **argv)
{
	int (*run)(const uint64_t *, uint64_t *, void *, void (*)(void *));
	void (*guard)(void);
	void *object;
	char command;

	if (argc != 4)
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
	guard();
	say('!');
	while (hear(&command)) {
		if (run(arena + REQUEST_AT, arena + REPLY_AT, arena + EVENTS_AT, command == 'a' ? ask : NULL))
			return 2;
		say('.');
	}
	return 0;
}
