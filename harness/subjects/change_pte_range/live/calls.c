/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

/* Memory that is executed alone is left out: on x86_64 it has a protection key, on arm64 bits of its own. */
static const struct {
	const char *letters;
	int bits;
} protections[] = {
	{ "rw", PROT_READ | PROT_WRITE },
	{ "rw", PROT_READ | PROT_WRITE },
	{ "rw", PROT_READ | PROT_WRITE },
	{ "r", PROT_READ },
	{ "r", PROT_READ },
	{ "", PROT_NONE },
	{ "", PROT_NONE },
	{ "w", PROT_WRITE },
	{ "rx", PROT_READ | PROT_EXEC },
	{ "wx", PROT_WRITE | PROT_EXEC },
	{ "rwx", PROT_READ | PROT_WRITE | PROT_EXEC },
};

#define NR_PROTECTIONS (sizeof(protections) / sizeof(protections[0]))

static uintptr_t address_of(const struct state *state, unsigned page)
{
	return state->start + page * PAGE;
}

static bool protect(const struct state *state, struct part part, const char *letters)
{
	unsigned i = 0;

	while (strcmp(protections[i].letters, letters))
		i++;
	return !mprotect((void *)address_of(state, part.first), (part.end - part.first) * PAGE, protections[i].bits);
}

/* All of the range, or a part that may begin and end inside a folio. */
static struct part any_part(const struct state *state, struct chance *chance)
{
	struct part part = some_part(chance, state->pages, state->pages);

	return percent(chance, 35) ? (struct part){ 0, state->pages } : part;
}

void protect_some(struct state *state, struct chance *chance)
{
	struct part part = any_part(state, chance);
	const char *letters = protections[below(chance, NR_PROTECTIONS)].letters;
	char name[40];

	snprintf(name, sizeof(name), "mprotect to %s", *letters ? letters : "none");
	if (protect(state, part, letters))
		step(state, name, part);
}

struct call call_draw(struct state *state, struct chance *chance)
{
	struct call call = { .caller = "mprotect", .part = any_part(state, chance) };
	unsigned what = below(chance, 100);

	call.protection = protections[below(chance, NR_PROTECTIONS)].letters;
	if (state->uffd < 0 || what < 35)
		return call;
	call.protection = "rw"; /* of no meaning */
	call.caller = what < 65 ? "uffd-protect" : "uffd-resolve";
	if (what >= 93) {
		call.ends = true;
		call.part = (struct part){ 0, state->pages };
	}
	return call;
}

bool call_make(const struct call *call, struct state *state)
{
	uintptr_t address = address_of(state, call->part.first);
	unsigned pages = call->part.end - call->part.first;

	if (!strcmp(call->caller, "mprotect"))
		return protect(state, call->part, call->protection);
	if (call->ends)
		return uffd_unregister(state->uffd, address, pages);
	return uffd_protect(state->uffd, address, pages, !strcmp(call->caller, "uffd-protect"));
}
