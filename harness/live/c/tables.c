/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables of this process, walked from mm_struct.pgd in the kernel's linear map. Where the linear map puts a
 * physical address is found by trial: a walk to a page of ours must end at the frame that /proc/self/pagemap names.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "live.h"

#define GIB (1ULL << 30) /* both architectures align their linear map to 1 GiB of physical memory at least */
#define MOST_GIB 4096
#define VALID 1ULL

#ifdef __x86_64__
#define FRAME 0x000ffffffffff000ULL
#define PRESENT_INVALID (1ULL << 8) /* _PAGE_PROTNONE */
#define MOST_LEVELS 5
static bool is_leaf(uint64_t entry)
{
	return !(entry & VALID) || entry & 0x80; /* _PAGE_PSE */
}
#else
#define FRAME 0x0000fffffffff000ULL
#define PRESENT_INVALID (1ULL << 11) /* PTE_PRESENT_INVALID, which is nG */
#define MOST_LEVELS 4
static bool is_leaf(uint64_t entry)
{
	return (entry & 3) != 3; /* no table descriptor */
}
#endif

static uint64_t pgd, linear;
static int levels;

bool entry_present(uint64_t pte)
{
	return pte & VALID || pte & PRESENT_INVALID;
}

/* x86_64 keeps the frames of entries that hardware does not walk inverted (L1TF). */
uint64_t entry_pfn(uint64_t pte)
{
#ifdef __x86_64__
	if (pte && !(pte & VALID))
		pte = ~pte;
#endif
	return (pte & FRAME) >> 12;
}

struct table table_of(uintptr_t address)
{
	uint64_t at = pgd, entry = 0;

	for (int level = levels; level > 1; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		const uint64_t *entries = kernel_page(at);

		if (!entries)
			return (struct table){ .kind = NO_TABLE };
		entry = entries[address >> shift & 511];
		if (!entry)
			return (struct table){ .kind = NO_TABLE };
		if (is_leaf(entry))
			return (struct table){ .kind = HAS_LEAF, .entry = entry };
		at = linear + (entry & FRAME);
	}
	return (struct table){ .kind = HAS_TABLE, .entry = entry, .ptes = kernel_page(at) };
}

uint64_t table_frame(struct table table)
{
	return table.kind == HAS_TABLE ? table.entry & FRAME : 0;
}

void raw_entries(uintptr_t address, unsigned pages, uint64_t *into)
{
	while (pages) {
		unsigned first = address / PAGE % TABLE_PAGES;
		unsigned nr = pages < TABLE_PAGES - first ? pages : TABLE_PAGES - first;
		struct table table = table_of(address);

		if (table.kind == HAS_TABLE && table.ptes)
			memcpy(into, table.ptes + first, nr * sizeof(*into));
		else
			memset(into, 0, nr * sizeof(*into));
		into += nr;
		address += nr * PAGE;
		pages -= nr;
	}
}

static bool leads_to(uintptr_t address, uint64_t pfn)
{
	struct table table = table_of(address);
	uint64_t pte = table.kind == HAS_TABLE && table.ptes ? table.ptes[address / PAGE % TABLE_PAGES] : 0;

	return pte & VALID && entry_pfn(pte) == pfn;
}

static bool find_linear(void)
{
	volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t said;

	page[0] = 1;
	pagemap((uintptr_t)page, 1, &said);
	for (levels = 4; levels <= MOST_LEVELS; levels++) {
		linear = pgd & ~(GIB - 1);
		for (int i = 0; i < MOST_GIB && linear >> 47; i++, linear -= GIB) {
			if (leads_to((uintptr_t)page, said & PM_FRAME)) {
				munmap((void *)page, PAGE);
				return true;
			}
		}
	}
	munmap((void *)page, PAGE);
	return false;
}

uint64_t kernel_linear(void)
{
	return linear;
}

const char *tables_open(void)
{
	long mm = btf_offset("task_struct", "mm"), first = btf_offset("mm_struct", "pgd");
	const char *why;

	if (mm < 0 || first < 0)
		return "no BTF of the kernel (/sys/kernel/btf/vmlinux)";
	why = kernel_memory_open();
	if (why)
		return why;
	pgd = kernel_pointer(kernel_pointer(kernel_task() + mm) + first);
	if (!pgd)
		return "mm_struct.pgd of this process cannot be read";
	return find_linear() ? NULL : "the kernel's linear map was not found";
}
