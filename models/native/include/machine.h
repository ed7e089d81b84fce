/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of one run, and where it is kept.
 *
 * The arena is shared with whoever asks for the run: 64-bit words, laid out as models/native/arena.py says; the
 * constants PR_REQ_*, PR_REP_*, PR_MOST_* and the like come from there. The page tables are memory of their own between
 * unmapped gaps.
 */
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

typedef struct { u64 pte; } pte_t;
typedef struct { u64 pmd; } pmd_t;
typedef struct { u64 pud; } pud_t;
typedef struct pgprot { u64 pgprot; } pgprot_t;
typedef struct { int lock; u64 bit; } spinlock_t;

#define pte_val(x) ((x).pte)
#define __pte(x) ((pte_t) { (x) })
#define pmd_val(x) ((x).pmd)
#define __pmd(x) ((pmd_t) { (x) })
#define pud_val(x) ((x).pud)
#define __pud(x) ((pud_t) { (x) })
#define pgprot_val(x) ((x).pgprot)
#define __pgprot(x) ((pgprot_t) { (x) })

struct address_space { int lock; };
struct file { struct address_space *f_mapping; };
struct anon_vma { int lock; };
typedef struct { int counter; } atomic_t;
#define atomic_read(v) ((v)->counter)
struct mm_struct { atomic_t mm_users; };
/* What is to be flushed when the caller is done. Logged runs leave that to models/machine/gather.py. */
struct mmu_gather { struct mm_struct *mm; u64 start, end; bool cleared_ptes; };
struct userfaultfd_ctx { unsigned int features, flags; };
struct vm_userfaultfd_ctx { struct userfaultfd_ctx *ctx; };
#define UFFD_FEATURE_EVENT_REMAP (1 << 2)
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)

#include "vma_flags.h"

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	union {
		vm_flags_t vm_flags;
		vma_flags_t flags;
	};
	struct mm_struct *vm_mm;
	struct file *vm_file;
	struct anon_vma *anon_vma;
	pgprot_t vm_page_prot;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
};

/*
 * What a bare run can do wrong, where a logged run leaves it to models/machine to say so: pr_wrong(). Two runs that do
 * wrong in the same ways get the same findings, so each is one of the machine's messages, or narrower.
 */
enum pr_wrong_how {
	PR_CHANGED_UNLOCKED,	/* an entry is changed without its page-table lock */
	PR_BAD_SPECIAL,		/* print_bad_pte: special entry in an ordinary VMA */
	PR_BAD_PFN,		/* print_bad_pte: no struct page */
	PR_UNLOCK_NOT_HELD,	/* a page-table lock is dropped but was not held */
	PR_UNMAP_NO_TABLE,	/* pte_unmap() of a pointer into no page table */
	PR_WARNED,		/* WARN_ON() and its kind */
	PR_VM_WARNED,		/* VM_WARN_ON() and its kind */
	PR_OTHER_PLACE,		/* a primitive gets an mm or an address that is not its entry's */
	PR_FULL,		/* full is set */
	PR_CLEAR_RANGE,		/* get_and_clear_full_ptes() wants nr >= 1 present entries of one folio */
	PR_CLEAR_PAGES,		/* get_and_clear_full_ptes() wants consecutive pages */
	PR_START_RANGE,		/* modify_prot_start_ptes() wants nr >= 1 present entries of one folio */
	PR_START_PAGES,		/* modify_prot_start_ptes() wants consecutive pages */
	PR_SET_VALUE,		/* set_ptes() wants nr >= 1 and, for more than one, a present entry */
	PR_SET_TARGET,		/* set_ptes() of more than one wants targets that are not present */
	PR_COMMIT_VALUE,	/* modify_prot_commit_ptes() wants nr >= 1 and, for more than one, a present entry */
	PR_COMMIT_TARGET,	/* modify_prot_commit_ptes() of more than one wants targets that are not present */
	PR_BATCH_START,		/* folio_pte_batch() wants a present entry of a large folio and max_nr >= 1 */
	PR_RACY_YOUNG,		/* __check_safe_pte_update: racy access flag clearing */
	PR_RACY_DIRTY,		/* __check_safe_pte_update: racy dirty state clearing */
	PR_UNSAFE_CHANGE,	/* __check_safe_pte_update: unsafe attribute change */
	PR_TWO_TYPES,		/* page_table_check: mapped as anon and as file */
	PR_COUNT_BELOW_0,	/* page_table_check: map count below 0 */
	PR_UFFD_WP_WRITABLE,	/* page_table_check_pte_flags */
	PR_MAPPED_WRITABLE_TWICE, /* page_table_check: anon page mapped writable while mapped elsewhere */
	PR_UNCOUNTED_PAGE,	/* page_table_check of a page that is not counted here: for the judge to look at */
	PR_MANY_CACHED,		/* more values of an entry may be cached than are kept here: for the judge to look at */
	PR_CONT_INVALID,	/* CONT in an entry that is present and not valid: asked of the tables, no run says it */
};

/* What an entry is, as pr_kind() says it. */
enum pr_is {
	PR_IS_PRESENT = 1, PR_IS_YOUNG = 2, PR_IS_DIRTY = 4, PR_IS_WRITE = 8, PR_IS_NONE = 16, PR_IS_CONT = 32,
	PR_IS_UFFD_WP = 64, PR_IS_SOFT_DIRTY = 128, PR_IS_CONT_INVALID = 256, PR_IS_VALID = 512,
	PR_IS_AD = PR_IS_YOUNG | PR_IS_DIRTY,
};

/* How a run ended: models/native/arena.py has the same numbers. */
enum pr_ending { PR_RETURNED, PR_OVERRUN, PR_NO_PROGRESS, PR_UNASSIGNED, PR_BUG };

struct pr_folio { u64 pfn, order, anon, facts; };
struct pr_event { u64 name, args[7]; };

/*
 * A page table: its entries, the address that entry 0 translates, what pr_va_in() adds, its lock, whether it maps, its
 * mm. Each fills a cache line, so that its place in `tables` is a shift away.
 */
struct pr_table {
	pte_t *pte;
	u64 base, va;
	spinlock_t *ptl;
	u64 maps;
	const struct mm_struct *mm;
} __attribute__((aligned(64)));
/*
 * Tables lie so many bytes apart (1 <<), each at the end of its pages, between gaps that nobody may touch: room for 8192
 * entries. What points nearer to a table than half of that is taken to be meant for it.
 */
#define PR_SHIFT 18
#define PR_MIDDLE (1UL << (PR_SHIFT - 1))
#define PR_SPACE ((PR_MOST_TABLES + 1UL) << PR_SHIFT)

struct pr_range { u64 table, first, nr; };

/* An access that somebody waits for. `left`: accesses until then; of changes alone, if `changes`. */
struct pr_watched {
	u64 ptep, changes, left;
};

struct pr_machine {
	/* what the run starts from */
	u64 nr_tables, nr_ranges;
	struct pr_range ranges[PR_MOST_RANGES];
	const u64 *call;		/* what the caller of the function under review adds */
	u64 size, cont_ptes;		/* entries of a table, of a contpte block */
	u64 flushed;			/* when no stale translation may be left: PR_AT_UNLOCK and the like */
	u64 no_breach;			/* bits of pr_wrong() that are none for this function */
	u64 config;			/* pr_config() */
	u64 zero_pfn, highest_memmap_pfn;
	u64 limit;			/* loop passes and events */
	u64 stack;			/* what locals hold at first: 0 poison in each pass, 1 zero, 2 pattern, 3 poison */
	u64 nr_folios;
	const struct pr_folio *folios;	/* by PFN */
	u64 nr_exclusive;
	const u64 *exclusive;		/* first and end page frame of each range that is AnonExclusive, by PFN */
	/* memory */
	struct pr_table tables[PR_MOST_TABLES];
	char *space;			/* of PR_SPACE bytes, in which they lie */
	u64 nr_mapped;			/* of them, so many may be touched */
	u64 origin;			/* an entry's table is its distance from `origin` >> PR_SHIFT */
	spinlock_t ptls[3];		/* -2, 1, 2: in the order of their addresses */
	u64 all_ptls;			/* that the tables have, a bit each */
	pmd_t pmds[PR_MOST_TABLES];
	struct mm_struct mms[PR_MOST_MMS];
	struct file file;
	struct address_space mapping;
	struct anon_vma anon_vma;
	struct userfaultfd_ctx uffd[PR_MOST_RANGES];
	struct mmu_gather gather;	/* the caller's, if it has one */
	struct vm_area_struct vmas[PR_MOST_RANGES];	/* of each range */
	/* what it leaves */
	u64 *line;			/* where a crash leaves it for others */
	struct pr_event *events;
	u64 ended, ptep, variable, nr_events;
	u64 debugging;			/* inside the condition of a VM_WARN_ON() */
	u64 asked;			/* others, before the event under way */
	/* in a bare run, instead of events */
	u64 stale[PR_MOST_TABLES], stale_at_unlock[PR_MOST_TABLES], order, wrong, writes, held, paths, counts, warned;
	s64 passes_left;		/* of loops */
	/* Where flushes may wait until the caller is done: the first value that was taken out of a stale entry; which had more. */
	u64 cached[PR_MOST_TABLES][PR_MOST_ENTRIES], more[PR_MOST_TABLES];
	/* where others act between two accesses: asked before each event that matters to them */
	void (*ask)(struct pr_machine *m);
	u64 answer;
	u64 nr_watched;			/* entries whose accesses others wait for, as pr_number() numbers them */
	struct pr_watched *watched;
	u64 asks;			/* PR_ASK_* */
	void *end[5];	/* where the run ends early: the compiler's own, which saves no more than it must */
};

/* One machine an object, at a fixed place: its fields take no pointer to reach. */
static struct pr_machine pr_memory;
#define pr (&pr_memory)

/* In a bare run the compiler knows the config, the size of the tables (a power of two) and where they lie. */
#ifndef PR_CONFIG
#define PR_CONFIG pr->config
#endif
#define pr_config(name) (!!(PR_CONFIG & PR_CONFIG_##name))
#ifndef PR_SIZE
#define PR_SIZE pr->size
#endif
#ifndef PR_FLUSHED
#define PR_FLUSHED pr->flushed
#endif
#ifdef PR_BARE
static char pr_space[PR_SPACE] __attribute__((aligned(PAGE_SIZE)));
#else
#define pr_space pr->space
#endif
#define pr_table_bytes (PR_SIZE * sizeof(pte_t))
#define pr_first ((u64)pr_space + (1UL << PR_SHIFT) - pr_table_bytes)	/* entry 0 of table 0 */

#define init_mm (*(struct mm_struct *)0)
#define mm_is_efi(mm) 0

static __attribute__((noreturn, cold)) void pr_end(enum pr_ending how)
{
	pr->ended = how;
	__builtin_longjmp(pr->end, 1);
}

/* One pass of a loop. */
static inline void pr_tick(void)
{
	if (unlikely(--pr->passes_left < 0))
		pr_end(PR_NO_PROGRESS);
}

/* The table that `ptep` points into, or the nearest; PR_MOST_TABLES or more where there is none near it. */
static inline u64 pr_slot(const pte_t *ptep) { return ((u64)ptep - pr_first + PR_MIDDLE) >> PR_SHIFT; }

/* The table and the index of an entry that lies in a table. */
static inline u64 pr_table_at(const pte_t *ptep) { return ((u64)ptep - pr_first) >> PR_SHIFT; }
static inline u64 pr_index(const pte_t *ptep) { return ((u64)ptep - pr_first) / sizeof(pte_t) & (PR_SIZE - 1); }

/* Whether `ptep` points into a table; in a bare run an access to one that the run does not have faults. */
static inline bool pr_in_table(const pte_t *ptep)
{
	u64 at = (u64)ptep - pr_first;

#ifdef PR_BARE
	return !(at & ~((PR_MOST_TABLES - 1UL) << PR_SHIFT | (pr_table_bytes - 1)));
#else
	return at >> PR_SHIFT < pr->nr_tables && !(at & ((1UL << PR_SHIFT) - pr_table_bytes));
#endif
}

static inline u64 pr_table_of(const pte_t *ptep)
{
	u64 table = pr_slot(ptep);

	if (likely(table < pr->nr_tables))
		return table;
	return (u64)ptep < pr->origin ? 0 : pr->nr_tables - 1;
}

/* The number of an entry as models/tables.py counts. */
static inline u64 pr_number(const pte_t *ptep)
{
	u64 table;

	if (!ptep)
		return 0;
	table = pr_table_of(ptep);
	return (2 * table + 1) * pr->size + (ptep - pr->tables[table].pte);
}

static inline void pr_check_bounds(const pte_t *ptep)
{
	if (likely(pr_in_table(ptep)))
		return;
	pr->ptep = pr_number(ptep);
	pr_end(PR_OVERRUN);
}

/* The virtual address that an entry translates: 8 bytes of a table stand for a page, so an entry's own address is scaled. */
static inline u64 pr_va_in(const struct pr_table *table, const pte_t *ptep)
{
	return table->va + ((u64)ptep << (PAGE_SHIFT - 3));
}

/* The number of an mm, from 1; 0 where it is none of the machine's. */
static inline u64 pr_mm(const struct mm_struct *mm)
{
	u64 number = mm - pr->mms;

	return number < PR_MOST_MMS ? number + 1 : 0;
}

/* The ranges that the function under review is called on, by number: address of the first entry, bytes, PMD, VMA. */
static inline u64 pr_range_start(u64 range)
{
	return pr->tables[pr->ranges[range].table].base + (pr->ranges[range].first << PAGE_SHIFT);
}

static inline u64 pr_range_bytes(u64 range) { return pr->ranges[range].nr << PAGE_SHIFT; }
static inline pmd_t *pr_range_pmd(u64 range) { return &pr->pmds[pr->ranges[range].table]; }
static inline struct vm_area_struct *pr_range_vma(u64 range) { return &pr->vmas[range]; }
static inline struct mm_struct *pr_range_mm(u64 range) { return pr->vmas[range].vm_mm; }
