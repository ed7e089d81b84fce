/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a compiler on C that nobody vouches for: gate FOLDER READABLE... -- COMMAND... It limits what the command uses and,
 * where the kernel has Landlock, lets it write to FOLDER alone and read what lies there or in READABLE.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "confine.h"

enum { COMPILER_SECONDS = 60, COMPILER_FILE_BYTES = 256 << 20 };
#define COMPILER_BYTES (8UL << 30)
enum { READ_FILES = LANDLOCK_EXECUTE | LANDLOCK_READ | 8 /* of folders */, EVERYTHING = LANDLOCK_ALL };

static void limit_compiler(void)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, COMPILER_SECONDS);
	limit(RLIMIT_FSIZE, COMPILER_FILE_BYTES);
	limit(RLIMIT_AS, COMPILER_BYTES);
}

int main(int argc, char **argv)
{
	struct beneath rules[64];
	int count = 0, at = 1;

	for (; at < argc && strcmp(argv[at], "--") && count < 63; at++)
		rules[count++] = (struct beneath) { argv[at], at == 1 ? EVERYTHING : READ_FILES };
	rules[count++] = (struct beneath) { "/dev/null", LANDLOCK_READ | 2 /* write */ };
	if (at + 1 >= argc)
		return 2;
	limit_compiler();
	if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		landlocked(rules, count);
	execvp(argv[at + 1], argv + at + 1);
	fprintf(stderr, "%s: %s\n", argv[at + 1], strerror(errno));
	return 127;
}
