// SPDX-License-Identifier: GPL-2.0-only
/*
 * mremap() that prints the raw entries of what it is about to move. It is
 * linked to a reproducer that is compiled with -Dmremap=watched_mremap.
 */
#undef mremap
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include "live.h"

void *watched_mremap(void *old, size_t size, size_t new_size, int flags, ...);

void *watched_mremap(void *old, size_t size, size_t new_size, int flags, ...)
{
	const char *no_pagemap = pages_open(), *why = no_pagemap ? no_pagemap : tables_open();
	uint64_t entries[TABLE_PAGES];
	va_list arguments;
	void *new;

	va_start(arguments, flags);
	new = va_arg(arguments, void *);
	va_end(arguments);
	if (why) {
		printf("# raw entries: %s\n", why);
	} else {
		raw_entries((uintptr_t)old, size / PAGE, entries);
		for (unsigned i = 0; i < size / PAGE; i++)
			printf("# raw %#llx\n", (unsigned long long)entries[i]);
	}
	return mremap(old, size, new_size, flags, new);
}
