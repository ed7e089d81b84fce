/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run after another in one arena: 64-bit words, laid out as models/native/arena.py says. Appended to the text of
 * the function under review; pr_call() calls it.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define pr_table_bytes (pr->size * sizeof(pte_t))

static inline u64 pr_round(u64 bytes) { return (bytes + PAGE_SIZE - 1) & PAGE_MASK; }

/* Tables of `size` entries, each at the end of its pages, between gaps that nobody may touch. */
static int pr_map_tables(u64 size)
{
	u64 bytes = pr_round(size * sizeof(pte_t)), gap = bytes < 16 * PAGE_SIZE ? 16 * PAGE_SIZE : bytes;
	char *start;

	if (pr->old_table && pr->size == size)
		return 0;
	start = mmap(NULL, 3 * gap + 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED || mprotect(start + gap, bytes, PROT_READ | PROT_WRITE) ||
	    mprotect(start + 2 * gap + bytes, bytes, PROT_READ | PROT_WRITE))
		return -1;
	pr->size = size;
	pr->old_table = (pte_t *)(start + gap + bytes - pr_table_bytes);
	pr->middle = (pte_t *)(start + gap + bytes + gap / 2);
	pr->new_table = (pte_t *)(start + 2 * gap + 2 * bytes - pr_table_bytes);
	return 0;
}

static pte_t *pr_new_table_of_its_own(void)
{
	u64 bytes = pr_round(pr_table_bytes), gap = bytes < 16 * PAGE_SIZE ? 16 * PAGE_SIZE : bytes;

	return pr->old_table + (gap + bytes) / sizeof(pte_t);
}

static void pr_set_vma(struct vm_area_struct *vma, u64 addr, u64 flags)
{
	memset(vma, 0, sizeof(*vma));
	vma->vm_start = addr;
	vma->vm_end = addr + pr->extent;
	vma->vm_mm = &pr->mm;
	vma->vm_file = flags & 1 ? &pr->file : NULL;
	vma->anon_vma = flags & 2 ? &pr->anon_vma : NULL;
	vma->vm_flags = VM_READ | VM_WRITE | (flags & 4 ? VM_PFNMAP : 0) | (flags & 8 ? VM_MIXEDMAP : 0) |
			(flags & 16 ? VM_SHADOW_STACK : 0);
	vma->vm_userfaultfd_ctx.set = !!(flags & 32);
	vma->vm_userfaultfd_ctx.event_remap = !!(flags & 64);
}

/* The request of models/native/arena.py: words, folios, entries of the old and of the new table. */
enum { REQ_OLD_ADDR, REQ_NEW_ADDR, REQ_EXTENT, REQ_SIZE, REQ_CONT_PTES, REQ_VMA, REQ_FLAGS, REQ_ZERO_PFN, REQ_HIGHEST,
       REQ_LIMIT, REQ_STACK, REQ_FOLIOS, REQ_OLD, REQ_NEW, REQ_WORDS = 16 };

static int pr_prepare(const u64 *request)
{
	u64 flags = request[REQ_FLAGS];
	const u64 *entry;

	if (pr_map_tables(request[REQ_SIZE]))
		return -1;
	pr->old_addr = request[REQ_OLD_ADDR];
	pr->new_addr = request[REQ_NEW_ADDR];
	pr->extent = request[REQ_EXTENT];
	pr->old_base = pr->old_addr & -(pr->size << PAGE_SHIFT);
	pr->new_base = pr->new_addr & -(pr->size << PAGE_SHIFT);
	pr->one_table = pr->old_base == pr->new_base;
	pr->new_table = pr->one_table ? pr->old_table : pr_new_table_of_its_own();
	pr->cont_ptes = request[REQ_CONT_PTES];
	pr->split_ptlocks = !!(flags & 1);
	pr->old_maps = !!(flags & 2);
	pr->new_maps = !!(flags & 4);
	pr->need_rmap_locks = !!(flags & 8);
	pr->debug_vm = !!(flags & 16);
	pr->shstk = !!(flags & 32);
	pr->page_table_check = !!(flags & 64);
	pr->check_skips_special = !!(flags & 128);
	pr->zero_pfn = request[REQ_ZERO_PFN];
	pr->highest_memmap_pfn = request[REQ_HIGHEST];
	pr->limit = request[REQ_LIMIT];
	pr->stack = request[REQ_STACK];
	pr->nr_folios = request[REQ_FOLIOS];
	pr->folios = (const struct pr_folio *)(request + REQ_WORDS);
	pr->ptls[0].lock = -2;
	pr->ptls[1].lock = 1;
	pr->ptls[2].lock = 2;
	pr->all_ptls = 1UL << (pr_ptl(false) - pr->ptls) | 1UL << (pr_ptl(true) - pr->ptls);
	pr->pmds[0] = __pmd(pr->old_base | 1);
	pr->pmds[1] = __pmd(pr->new_base | 1);
	pr->file.f_mapping = &pr->mapping;
	pr_set_vma(&pr->vma, pr->old_addr, request[REQ_VMA]);
	pr_set_vma(&pr->new_vma, pr->new_addr, request[REQ_VMA]);

	memset(pr->old_table, 0, pr_table_bytes);
	memset(pr_new_table_of_its_own(), 0, pr_table_bytes);
	entry = request + REQ_WORDS + 3 * pr->nr_folios;
	for (u64 i = 0; i < request[REQ_OLD]; i++, entry += 2)
		pr->old_table[entry[0]].pte = entry[1];
	for (u64 i = 0; i < request[REQ_NEW]; i++, entry += 2)
		pr->new_table[entry[0]].pte = entry[1];
	return 0;
}

static void pr_reset(void)
{
	pr->ended = PR_RETURNED;
	pr->ptep = pr->variable = pr->passes = pr->nr_events = 0;
	pr->stale[0] = pr->stale[1] = pr->stale_at_unlock[0] = pr->stale_at_unlock[1] = 0;
	pr->order = pr->wrong = pr->writes = pr->held = pr->paths = pr->counts = 0;
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
enum { PR_FILLING = 0x5c };
static char pr_filling[PAGE_SIZE];

static void pr_fill_front(pte_t *table)
{
	u64 bytes = (u64)table & ~PAGE_MASK;

	memset((char *)table - bytes, PR_FILLING, bytes);
}

static void pr_check_front(pte_t *table)
{
	pte_t *front = (pte_t *)((u64)table & PAGE_MASK), *at;
	u64 filling;

	memset(&filling, PR_FILLING, sizeof(filling));
	for (at = table - 1; at >= front; at--)
		if (at->pte != filling) {
			pr->ended = PR_OVERRUN;
			pr->ptep = pr_number(at);
			return;
		}
}

/* The reply: ended, returned, line, ptep, variable, events, and both tables behind. */
enum { REP_ENDED, REP_RETURNED, REP_LINE, REP_PTEP, REP_VARIABLE, REP_EVENTS, REP_WORDS = 8 };

static void pr_reply(u64 *reply, s64 returned)
{
	reply[REP_ENDED] = pr->ended;
	reply[REP_RETURNED] = returned;
	reply[REP_PTEP] = pr->ptep;
	reply[REP_VARIABLE] = pr->variable;
	reply[REP_EVENTS] = pr->nr_events;
	memcpy(reply + REP_WORDS, pr->old_table, pr_table_bytes);
	if (!pr->one_table)
		memcpy(reply + REP_WORDS + pr->size, pr->new_table, pr_table_bytes);
}

/* Run what `request` asks for; 0, or -1 without memory. `ask`, if any, is called before each event. */
int pr_run(const u64 *request, u64 *reply, struct pr_event *events, void (*ask)(struct pr_machine *))
{
	s64 returned;

	if (pr_prepare(request))
		return -1;
	pr->events = events;
	pr->line = &reply[REP_LINE];
	*pr->line = 0;
	pr->ask = ask;
	pr_fill_front(pr->old_table);
	pr_fill_front(pr->new_table);
	returned = pr_run_once();
	if (pr->ended == PR_RETURNED)
		pr_check_front(pr->old_table);
	if (pr->ended == PR_RETURNED)
		pr_check_front(pr->new_table);
	pr_reply(reply, returned);
	return 0;
}

/* For the other side of pr_run()'s `ask`: the events so far, an entry that somebody changed, what an access finds. */
u64 pr_count(void) { return pr->nr_events; }
void pr_answer(u64 value) { pr->answer = value; }

void pr_change(u64 number, u64 value)
{
	if (number < 2 * pr->size)
		pr->old_table[number - pr->size].pte = value;
	else
		pr->new_table[number - 3 * pr->size].pte = value;
}

/* An access that no primitive made, into a gap beside the tables, ends the run as an overrun; others the process. */
static void pr_faulted(int number, siginfo_t *info, void *context)
{
	char *at = info->si_addr, *start = (char *)pr->old_table - pr_table_bytes, *end;

	end = (char *)(pr_new_table_of_its_own() + pr->size) + pr_table_bytes;
	if (pr && at >= start - 16 * PAGE_SIZE && at < end + 16 * PAGE_SIZE) {
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

/* For exhaust.c: one side of a pair, run on table after table that differ in their entries alone. */
struct pr_machine *pr_side(const u64 *request)
{
	if (pr_prepare(request))
		return NULL;
	pr_fill_front(pr->old_table);
	pr_fill_front(pr->new_table);
	memset(pr_filling, PR_FILLING, sizeof(pr_filling));
	return pr;
}

#ifdef PR_BARE
/* As pr_check_front(), but only as far in front as the table is long: this is done after every run. */
static inline void pr_check_near(pte_t *table)
{
	u64 room = (u64)table & ~PAGE_MASK, bytes = room < pr_table_bytes ? room : pr_table_bytes;

	if (likely(!memcmp((char *)table - bytes, pr_filling, bytes)))
		return;
	pr_fill_front(table);
	if (pr->ended == PR_RETURNED)
		pr->ended = PR_OVERRUN;
}
#endif

s64 pr_side_run(void)
{
	s64 returned;

#ifdef PR_BARE
	if (unlikely(pr->page_table_check))
		pr_count_tables();
#endif
	returned = pr_run_once();
#ifdef PR_BARE
	pr_check_near(pr->old_table);
	pr_check_near(pr->new_table);
	if (unlikely(pr->page_table_check))
		pr->counts = pr_count_sum();
#endif
	return returned;
}

/*
 * A present entry without what may differ between two that are compared further: accessed, dirty, and CONT of a valid
 * one. Set in an invalid one it is a difference.
 */
u64 pr_plain(u64 value)
{
	pte_t pte = __pte(value);

	if (!pte_present(pte))
		return value;
#ifdef PR_ARM64
	value &= ~(PTE_AF | PTE_DIRTY | (pte_valid(pte) ? PTE_CONT : 0));
	return value & PTE_WRITE ? value & ~PTE_RDONLY : value;
#else
	return value & ~(PR_YOUNG | PR_DIRTY | PR_SAVED_DIRTY);
#endif
}

/* The pr_is bits of an entry. */
u64 pr_kind(u64 value)
{
	pte_t pte = __pte(value);
	u64 kind = pte_none(pte) ? PR_IS_NONE : 0;

	if (!pte_present(pte)) {
		if (is_swap_pte(pte))
			kind |= (pte_swp_uffd_wp(pte) ? PR_IS_UFFD_WP : 0) | (pte_swp_soft_dirty(pte) ? PR_IS_SOFT_DIRTY : 0);
		return kind;
	}
	kind |= (pte_uffd_wp(pte) ? PR_IS_UFFD_WP : 0) | (pte_soft_dirty(pte) ? PR_IS_SOFT_DIRTY : 0);
	kind |= PR_IS_PRESENT | (pte_young(pte) ? PR_IS_YOUNG : 0) | (pte_dirty(pte) ? PR_IS_DIRTY : 0);
	kind |= pte_write(pte) ? PR_IS_WRITE : 0;
#ifdef PR_ARM64
	kind |= pte_valid_cont(pte) ? PR_IS_CONT : value & PTE_CONT ? PR_IS_CONT_INVALID : 0;
#endif
	return kind;
}

u64 pr_frame(u64 value)
{
	return pte_pfn(__pte(value));
}
