/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "live.h"

/* One line on standard error, exit status 2: nothing can be recorded. */
void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(CANNOT_RECORD);
}

void add(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->bytes) - text->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < room)
		text->length += length;
	else
		text->bytes[text->length] = 0;
}

/* Equal values, or page frames that ascend or, where the kernel keeps them inverted, descend. */
static int64_t step_between(uint64_t a, uint64_t b)
{
	return b == a + PAGE ? (int64_t)PAGE : b == a - PAGE ? -(int64_t)PAGE : 0;
}

void say_runs(const char *name, const uint64_t *values, unsigned count)
{
	unsigned i = 0;

	printf(",\"%s\":[", name);
	while (i < count) {
		int64_t by = i + 1 < count ? step_between(values[i], values[i + 1]) : 0;
		unsigned end = i + 1;

		while (end < count && values[end] == values[i] + (uint64_t)((end - i) * by))
			end++;
		printf("%s[%" PRIu64 ",%u,%" PRId64 "]", i ? "," : "", values[i], end - i, end - i > 1 ? by : 0);
		i = end;
	}
	putchar(']');
}
