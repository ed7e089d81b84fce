/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record RECORDS SEED [booted]: makes memory in random states, does to it what the function under review is called for, and
 * writes a line of JSON for each call. "booted" is for a kernel that was booted for this: it may be harmed. Exit status:
 * 0, or 2 with a line on standard error where nothing can be recorded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"

#define MOST_REFUSED 20 /* calls in a row that the kernel refuses, before something must be wrong */
#define MOST_SECONDS 120 /* of one record; a call that does not return ends the program, and the output is not whole */

int main(int count, char **arguments)
{
	uint64_t wanted = count > 2 ? strtoull(arguments[1], NULL, 10) : 0;
	uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
	unsigned refused = 0;

	if (!wanted)
		give_up("usage: record RECORDS SEED [booted]");
	if (count > 3 && !strcmp(arguments[3], "booted"))
		facts_set_up();
	facts_find();
	for (uint64_t made = 0, number = 0; made < wanted; number++) {
		alarm(MOST_SECONDS);
		enum outcome outcome = record_call(seed, number);

		made += outcome == RECORDED;
		refused = outcome == REFUSED ? refused + 1 : 0;
		if (refused > MOST_REFUSED)
			give_up("%s was refused %d times in a row, last: %s", recorded_call, MOST_REFUSED,
				strerror(errno));
	}
	return 0;
}
