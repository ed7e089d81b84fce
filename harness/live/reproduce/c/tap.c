// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Exit codes of kselftest. */
#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

/* Ends the test: without the state, whatever happens says nothing. */
__attribute__((noreturn, format(printf, 1, 2)))
static void not_reached(const char *format, ...)
{
	va_list arguments;

	printf("ok 1 # SKIP state not reached: ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	exit(KSFT_SKIP);
}

static int verdict(const char *test, int wrong)
{
	if (!wrong)
		printf("# state reached, not shown\n");
	printf("%s 1 %s\n", wrong ? "not ok" : "ok", test);
	return wrong ? KSFT_FAIL : KSFT_PASS;
}
