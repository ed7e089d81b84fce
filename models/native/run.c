/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run after another in one arena: 64-bit words, laid out as models/native/arena.py says. Appended to the text of
 * the function under review; pr_call() calls it.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

static inline u64 pr_round(u64 bytes) { return (bytes + PAGE_SIZE - 1) & PAGE_MASK; }

/* Where the tables lie, which nobody may touch at first; mmap() and not mprotect(), which the child may not. */
static int pr_map_space(void)
{
#ifdef PR_BARE
	pr->space = pr_space;
#endif
	pr->space = mmap(pr->space, PR_SPACE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (pr->space ? MAP_FIXED : 0), -1, 0);
	return pr->space == MAP_FAILED ? -1 : 0;
}

/* `nr` tables of `size` entries. */
static int pr_map_tables(u64 size, u64 nr)
{
	u64 bytes = pr_round(size * sizeof(pte_t));

	if (pr->origin && pr->size == size && pr->nr_mapped == nr)
		return 0;
	if (1UL << PR_SHIFT < 2 * bytes + 16 * PAGE_SIZE || pr_map_space())
		return -1;
	pr->size = size;
	if (PR_SIZE != size)
		return -1;
	for (u64 i = 0; i < nr; i++) {
		pr->tables[i].pte = (pte_t *)(pr_first + (i << PR_SHIFT));
		if (mprotect((void *)((u64)pr->tables[i].pte & PAGE_MASK), bytes, PROT_READ | PROT_WRITE))
			return -1;
	}
	pr->nr_mapped = nr;
	pr->origin = pr_first - PR_MIDDLE;
	return 0;
}

static void pr_set_vma(struct vm_area_struct *vma, u64 range, const u64 *word)
{
	u64 has = word[PR_VMA_HAS];

	memset(vma, 0, sizeof(*vma));
	vma->vm_start = pr_range_start(range);
	vma->vm_end = vma->vm_start + pr_range_bytes(range);
	vma->vm_mm = &pr->mms[word[PR_VMA_MM] - 1];
	vma->vm_flags = word[PR_VMA_VM_FLAGS];
	vma->vm_page_prot = __pgprot(word[PR_VMA_PAGE_PROT]);
	vma->vm_file = has & 1 ? &pr->file : NULL;
	vma->anon_vma = has & 2 ? &pr->anon_vma : NULL;
	vma->vm_userfaultfd_ctx.ctx = has & 4 ? &pr->uffd[range] : NULL;
	pr->uffd[range].features = (has & 8 ? UFFD_FEATURE_EVENT_REMAP : 0) | (has & 16 ? UFFD_FEATURE_WP_UNPOPULATED : 0);
}

static spinlock_t *pr_ptl(s64 lock) { return &pr->ptls[lock < 0 ? 0 : lock]; }

/* What follows the request's own words: VMAs, tables, ranges, the call, folios, AnonExclusive pages, the entries of each table, pteps. */
static int pr_prepare(const u64 *request)
{
	u64 nr_vmas = request[PR_REQ_VMAS];
	const u64 *vmas = request + PR_REQ_WORDS, *tables = vmas + nr_vmas * PR_VMA_WORDS, *ranges, *entry;

	if (pr_map_tables(request[PR_REQ_SIZE], request[PR_REQ_TABLES]))
		return -1;
	pr->config = request[PR_REQ_CONFIG];
	if (PR_CONFIG != pr->config)
		return -1;
	pr->nr_tables = request[PR_REQ_TABLES];
	pr->nr_ranges = request[PR_REQ_RANGES];
	pr->cont_ptes = request[PR_REQ_CONT_PTES];
	for (u64 i = 0; i < PR_MOST_MMS; i++)
		pr->mms[i].mm_users.counter = request[PR_REQ_SINGLE_THREADED] ? 1 : 2;
	pr->zero_pfn = request[PR_REQ_ZERO_PFN];
	pr->highest_memmap_pfn = request[PR_REQ_HIGHEST_PFN];
	pr->limit = request[PR_REQ_LIMIT];
	pr->stack = request[PR_REQ_STACK];
	pr->flushed = request[PR_REQ_FLUSHED];
	if (PR_FLUSHED != pr->flushed)
		return -1;
	pr->no_breach = request[PR_REQ_NO_BREACH];
	pr->file.f_mapping = &pr->mapping;
	pr->ptls[0].lock = -2;
	pr->ptls[1].lock = 1;
	pr->ptls[2].lock = 2;
	for (u64 i = 0; i < 3; i++)
		pr->ptls[i].bit = 1UL << i;
	pr->all_ptls = 0;
	for (u64 i = 0; i < pr->nr_tables; i++) {
		const u64 *word = tables + i * PR_TABLE_WORDS;
		struct pr_table *table = &pr->tables[i];

		table->base = word[PR_TABLE_BASE];
		table->va = table->base - ((u64)table->pte << (PAGE_SHIFT - 3));
		table->ptl = pr_ptl(word[PR_TABLE_LOCK]);
		table->maps = word[PR_TABLE_MAPS];
		table->mm = &pr->mms[vmas[word[PR_TABLE_VMA] * PR_VMA_WORDS + PR_VMA_MM] - 1];
		pr->all_ptls |= table->ptl->bit;
		pr->pmds[i] = __pmd(table->base | 1);
		memset(table->pte, 0, pr_table_bytes);
	}
	ranges = tables + pr->nr_tables * PR_TABLE_WORDS;
	for (u64 i = 0; i < pr->nr_ranges; i++) {
		const u64 *word = ranges + i * PR_RANGE_WORDS;
		u64 vma = tables[word[PR_RANGE_TABLE] * PR_TABLE_WORDS + PR_TABLE_VMA];

		pr->ranges[i] = (struct pr_range) { word[PR_RANGE_TABLE], word[PR_RANGE_FIRST], word[PR_RANGE_NR] };
		pr_set_vma(&pr->vmas[i], i, vmas + vma * PR_VMA_WORDS);
	}
	pr->call = ranges + pr->nr_ranges * PR_RANGE_WORDS;
	pr->nr_folios = request[PR_REQ_FOLIOS];
	pr->folios = (const struct pr_folio *)(pr->call + request[PR_REQ_CALL]);
	pr_know_folios();
	pr->nr_exclusive = request[PR_REQ_EXCLUSIVE];
	pr->exclusive = (const u64 *)(pr->folios + pr->nr_folios);
	entry = pr->exclusive + 2 * pr->nr_exclusive;
	for (u64 i = 0; i < pr->nr_tables; i++)
		for (u64 n = tables[i * PR_TABLE_WORDS + PR_TABLE_ENTRIES]; n; n--, entry += 2)
			pr->tables[i].pte[entry[0]].pte = entry[1];
	pr->asks = request[PR_REQ_ASKS];
	pr->nr_watched = request[PR_REQ_WATCHED];
	pr->watched = (struct pr_watched *)entry;
	return 0;
}

static void pr_reset(void)
{
	pr->ended = PR_RETURNED;
	pr->ptep = pr->variable = pr->nr_events = pr->debugging = pr->asked = 0;
	for (u64 i = 0; i < PR_MOST_TABLES; i++)	/* of all: other loops do not stop at nr_tables */
		pr->stale[i] = pr->stale_at_unlock[i] = 0;
	for (u64 i = 0; i < PR_MOST_TABLES && PR_FLUSHED == PR_AT_RETURN; i++)
		pr->more[i] = 0;
	pr->order = pr->wrong = pr->writes = pr->held = pr->paths = pr->counts = pr->warned = 0;
	pr->passes_left = pr->limit;
}

static inline s64 pr_run_once(void)
{
	s64 returned = 0;

	pr_reset();
	if (!__builtin_setjmp(pr->end))
		returned = pr_call();
	return returned;
}

/*
 * A table smaller than a page has none of its gap right in front of it, but what is left of the page: filled before a run,
 * and looked at behind it.
 */
#define PR_FILLING 0x5c5c5c5c5c5c5c5cUL

static pte_t *pr_front(pte_t *table) { return (pte_t *)((u64)table & PAGE_MASK); }

static void pr_fill_front(pte_t *table)
{
	memset(pr_front(table), PR_FILLING & 0xff, (u64)table & ~PAGE_MASK);
}

static void pr_check_front(pte_t *table)
{
	for (pte_t *at = table - 1; at >= pr_front(table); at--)
		if (at->pte != PR_FILLING) {
			pr->ended = PR_OVERRUN;
			pr->ptep = pr_number(at);
			return;
		}
}

static void pr_reply(u64 *reply, s64 returned)
{
	reply[PR_REP_ENDED] = pr->ended;
	reply[PR_REP_RETURNED] = returned;
	reply[PR_REP_PTEP] = pr->ptep;
	reply[PR_REP_VARIABLE] = pr->variable;
	reply[PR_REP_EVENTS] = pr->nr_events;
	for (u64 i = 0; i < pr->nr_tables; i++)
		memcpy(reply + PR_REP_WORDS + i * pr->size, pr->tables[i].pte, pr_table_bytes);
}

/* Run what `request` asks for; 0, or -1 without memory. `ask`, if any, is called before each event. */
int pr_run(const u64 *request, u64 *reply, struct pr_event *events, void (*ask)(struct pr_machine *))
{
	s64 returned;

	if (pr_prepare(request))
		return -1;
	pr->events = events;
	pr->line = &reply[PR_REP_LINE];
	*pr->line = 0;
	pr->ask = ask;
	for (u64 i = 0; i < pr->nr_tables; i++)
		pr_fill_front(pr->tables[i].pte);
	returned = pr_run_once();
	for (u64 i = 0; i < pr->nr_tables && pr->ended == PR_RETURNED; i++)
		pr_check_front(pr->tables[i].pte);
	pr_reply(reply, returned);
	return 0;
}

/* For the other side of pr_run()'s `ask`: the events so far, an entry that somebody changed, what an access finds. */
u64 pr_count(void) { return pr->nr_events; }
void pr_answer(u64 value) { pr->answer = value; }

void pr_change(u64 number, u64 value)
{
	u64 table = number / (2 * pr->size);

	pr->tables[table].pte[number - (2 * table + 1) * pr->size].pte = value;
}

/* An access that no primitive made, into a gap beside the tables, ends the run as an overrun; others the process. */
static void pr_faulted(int number, siginfo_t *info, void *context)
{
	u64 at = (u64)info->si_addr;

	if (pr->origin && at >= pr->origin && at < pr->origin + (pr->nr_tables << PR_SHIFT)) {
		pr->ptep = pr_number((pte_t *)at);
		pr_end(PR_OVERRUN);
	}
	signal(number, SIG_DFL);
}

/* What outlives a run: all other variables of this object are put back to what they held at first, by worker.c. */
void *pr_outlives(u64 *bytes)
{
	*bytes = sizeof(pr_memory);
	return &pr_memory;
}

void pr_guard(void)
{
	struct sigaction action = { .sa_sigaction = pr_faulted, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}
