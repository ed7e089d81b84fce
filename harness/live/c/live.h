/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program needs that builds states of page tables on a running kernel and reads them. It is linked statically,
 * uses system calls alone and changes no setting of the system. A file is named above its declarations.
 */
#ifndef PTE_REVIEW_LIVE_H
#define PTE_REVIEW_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define PAGE 4096UL
#define TABLE_PAGES 512U /* entries of a page table */
#define TABLE_BYTES (TABLE_PAGES * PAGE)
#define MOST_PAGES 2048U /* of one range */

/* -- chance.c: choices by a seed; they depend on nothing that the kernel answers */

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *chance, uint64_t seed, uint64_t number);
struct chance chance_apart(struct chance *chance); /* however much is drawn of it moves `chance` by one */
unsigned below(struct chance *chance, unsigned limit);
bool percent(struct chance *chance, unsigned odds);

/* Pages of a range: first up to, and without, end. */
struct part {
	unsigned first, end;
};

struct part some_part(struct chance *chance, unsigned pages, unsigned most);

/* -- arena.c: where memory is mapped */

#define ARENA 0x200000000000UL /* a multiple of 1 GiB */
#define ARENA_BYTES (4UL << 30)
#define PUD_BYTES (1UL << 30)

uintptr_t arena_table(unsigned number); /* the address that a page table begins at */
unsigned some_length(struct chance *chance); /* in pages */
unsigned some_page_of_table(struct chance *chance); /* that a range starts at */

/* -- say.c: what ends the program, and JSON on standard output */

#define CANNOT_RECORD 2

_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text of bounded length; what does not fit is left out, with an ellipsis. */
struct text {
	size_t length;
	char bytes[6000];
};

void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_runs(const char *name, const uint64_t *values, unsigned count); /* ,"name":[[value, count, step], ...] */

/* -- btf.c: the layout of kernel structures, by /sys/kernel/btf/vmlinux */

long btf_offset(const char *structure, const char *member); /* in bytes; -1 if there is none or no BTF */
long btf_size(const char *structure);
long btf_value(const char *enumeration, const char *name);

/* -- bpf.c: kernel memory, by a BPF program that copies it; it needs CAP_BPF and CAP_PERFMON */

const char *kernel_memory_open(void); /* NULL, or why there is none */
const uint64_t *kernel_page(uint64_t address); /* a copy of PAGE bytes, until the next call; NULL if not mapped */
uint64_t kernel_task(void); /* the address of this task's task_struct */
uint64_t kernel_pointer(uint64_t address); /* what is at this address; 0 if not mapped */
uint64_t kernel_symbol(const char *name); /* by /proc/kallsyms; 0 if not there */

/* -- tables.c: the page tables of this process */

enum table_kind { NO_TABLE, HAS_TABLE, HAS_LEAF };

struct table {
	enum table_kind kind; /* HAS_LEAF: a huge page, or an entry that is not present, above the last level */
	uint64_t entry; /* of the level above */
	const uint64_t *ptes; /* of HAS_TABLE, until the next call */
};

const char *tables_open(void); /* NULL, or why raw entries cannot be read */
struct table table_of(uintptr_t address);
void raw_entries(uintptr_t address, unsigned pages, uint64_t *into); /* 0 where there is no table */
bool entry_present(uint64_t pte);
uint64_t entry_pfn(uint64_t pte);
uint64_t table_frame(struct table table); /* 0 if there is no table */
uint64_t kernel_linear(void); /* where the linear map has physical address 0 */

/* -- frames.c: the struct page of a page frame */

bool frames_open(void); /* after tables_open(): whether they can be read */
bool frames_known(void);
bool frame_exclusive(uint64_t pfn); /* whether the page is AnonExclusive */
void forget_frames(void); /* they may have changed */

/* -- pages.c: what /proc says of pages */

#define PM_SOFT_DIRTY (1ULL << 55)
#define PM_PRESENT (1ULL << 63)
#define PM_FRAME ((1ULL << 55) - 1)

const char *pages_open(void); /* NULL, or why /proc/self/pagemap cannot be read */
void pagemap(uintptr_t address, unsigned pages, uint64_t *into);
void pagemap_and_contents(uintptr_t address, unsigned pages, uint64_t *into); /* what pages hold, for frames */

/* -- folios.c: the folios that entries map */

bool folios_open(void); /* whether /proc/kpageflags can be read */
bool folios_known(void);
void say_folios(FILE *out, const uint64_t *ptes, unsigned count); /* ,"folios":[[pfn, order, anon], ...],"exclusive":[...] */

/* -- uffd.c: userfaultfd */

uint64_t uffd_features(void);
int uffd_open(bool event_remap); /* a descriptor, -1 if the kernel refuses */
bool uffd_register(int uffd, uintptr_t address, unsigned pages, bool missing_too);
bool uffd_protect(int uffd, uintptr_t address, unsigned pages, bool on);
bool uffd_unregister(int uffd, uintptr_t address, unsigned pages);
bool uffd_poison(int uffd, uintptr_t address);
void uffd_listen(int uffd); /* take the events of one system call, in a thread */
void uffd_listened(void);

/* -- settings.c: files of /proc and /sys */

bool file_says(const char *path, char *line, int room); /* its first line; false if there is none */
bool set_file(const char *path, const char *value); /* whether the kernel took it */

/* -- facts.c: what this kernel has */

struct facts {
	char release[65];
	const char *arch;
	bool booted; /* for this alone: what harms a kernel may be done to it */
	bool raw, soft_dirty, swap, numa;
	unsigned orders; /* of large anonymous folios that madvise() can ask for, a bit each */
	struct text missing; /* what is left out, and why: a list of JSON strings */
};

extern struct facts facts;

void facts_find(void);
void facts_set_up(void); /* before facts_find(): this kernel was booted for this */
void say_facts(uint64_t seed, uint64_t number);

/* -- numa.c: hints of NUMA balancing */

bool numa_set_up(void); /* whether they can be had */
bool numa_hint(uintptr_t address, unsigned pages); /* whether the range has one now */

/* -- states.c, steps.c: memory in a random state */

struct state {
	const char *mapping;
	uintptr_t start;
	unsigned pages;
	bool file; /* it maps a file */
	bool large; /* folios of several pages were asked for */
	bool notified; /* its file system wants to know of the first store to a page */
	bool tracked; /* soft-dirty bits were cleared, so stores are tracked */
	int uffd; /* -1 without */
	bool event_remap;
	pid_t child; /* that shares pages; 0 without */
	struct text steps; /* how the state was built: a list of [what, first page, end page] */
};

bool state_map(struct state *state, struct chance *chance, uintptr_t start, unsigned pages);
void state_change(struct state *state, struct chance *chance); /* a few random steps */
void state_end(struct state *state);
void step(struct state *state, const char *name, struct part part); /* note what was done */
void try_write(uintptr_t address, uint64_t value); /* also where it faults */
void try_read(uintptr_t address);

/* -- around.c: what is read around a call */

void entries_of(uintptr_t address, unsigned pages, uint64_t *into); /* raw, or the subset pagemap */
char *folios_of(uintptr_t address, unsigned pages); /* as say_folios() writes them; to be freed */
void vmas_of(struct text *vmas, uintptr_t address, unsigned pages); /* a list of [first page, end page, permissions] */
void split_leaves(const struct state *state);
long switches(void); /* how often this task had to give up its CPU */

/* -- recorder.c: the program; what follows is of the function that is recorded */

enum outcome { REFUSED, DISTURBED, RECORDED };

extern const char recorded_function[], recorded_call[]; /* its name; the call, for people */
enum outcome record_call(uint64_t seed, uint64_t number);

#endif
