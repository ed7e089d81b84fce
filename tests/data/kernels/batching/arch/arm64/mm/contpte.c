/* SPDX-License-Identifier: GPL-2.0-only */
/* Contpte blocks. Written for the tests of pte-review after models/machine/contpte.py; not the kernel's text. */
#include <linux/mm.h>
#include <asm/tlbflush.h>

static pte_t *block_of(pte_t *slot)
{
	return PTR_ALIGN_DOWN(slot, sizeof(*slot) * CONT_PTES);
}

static inline bool is_users(struct mm_struct *mm)
{
	return mm != &init_mm && !mm_is_efi(mm);
}

/* Take the block apart, flush, put it together as `value` says; accessed and dirty of all go into all. */
static void contpte_convert(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	struct vm_area_struct flushed = TLB_FLUSH_VMA(mm, 0);
	unsigned long from = addr & CONT_PTE_MASK;
	pte_t *first = block_of(ptep), *slot = first;
	int left = CONT_PTES;

	pte = pfn_pte(ALIGN_DOWN(pte_pfn(pte), CONT_PTES), pte_pgprot(pte));
	for (addr = from; left--; addr += PAGE_SIZE) {
		pte_t was = __ptep_get_and_clear(mm, addr, slot++);

		if (pte_dirty(was))
			pte = pte_mkdirty(pte);
		if (pte_young(was))
			pte = pte_mkyoung(pte);
	}
	__flush_tlb_range(&flushed, from, addr, PAGE_SIZE, true, 3);
	__set_ptes(mm, from, first, pte, CONT_PTES);
}

void test_block_unfold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value)
{
	if (is_users(mm))
		contpte_convert(mm, where, slot, pte_mknoncont(value));
}
EXPORT_SYMBOL_GPL(test_block_unfold);

void test_block_fold(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value)
{
	unsigned long lowest = ALIGN_DOWN(pte_pfn(value), CONT_PTES), block = where & -(CONT_PTES * PAGE_SIZE), start;
	pte_t expected, now, *one = block_of(slot);
	struct folio *folio = page_folio(pte_page(value));
	int n;

	if (!is_users(mm))
		return;
	/* By addresses: a folio whose first page would lie below address 0 does not fold. */
	start = where - (pte_pfn(value) - folio_pfn(folio)) * PAGE_SIZE;
	if (start > block || start + folio_nr_pages(folio) * PAGE_SIZE < block + CONT_PTES * PAGE_SIZE)
		return;
	expected = pfn_pte(lowest, pte_pgprot(pte_mkold(pte_mkclean(value))));
	for (n = 0; n < CONT_PTES; n++, one++) {
		now = pte_mkold(pte_mkclean(__ptep_get(one)));
		if (!pte_same(now, expected))
			return;
		expected = pte_advance_pfn(expected, 1);
	}
	contpte_convert(mm, where, slot, pte_mkcont(value));
}
EXPORT_SYMBOL_GPL(test_block_fold);

/* Blocks at both ends that the range covers only in part. */
static void unfold_ends(struct mm_struct *mm, unsigned long where, pte_t *slot, unsigned int count)
{
	pte_t *end = slot + count;

	if (slot != block_of(slot) || count < CONT_PTES)
		contpte_try_unfold(mm, where, slot, __ptep_get(slot));
	if (end != block_of(end))
		contpte_try_unfold(mm, where + (count - 1) * PAGE_SIZE, end - 1, __ptep_get(end - 1));
}

pte_t contpte_ptep_get(pte_t *slot, pte_t value)
{
	pte_t one;
	int n;

	slot = block_of(slot);
	for (n = 0; n < CONT_PTES; n++) {
		one = __ptep_get(slot + n);
		if (pte_dirty(one))
			value = pte_mkdirty(value);
		if (pte_young(one))
			value = pte_mkyoung(value);
	}
	return value;
}

/* Whole aligned pieces become blocks. */
void contpte_set_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, pte_t value, unsigned int count)
{
	const unsigned long end = where + (unsigned long)count * PAGE_SIZE;
	unsigned long pfn = pte_pfn(value), stop;
	pgprot_t prot = pte_pgprot(value);

	if (!is_users(mm)) {
		__set_ptes(mm, where, slot, value, count);
		return;
	}
	do {
		stop = pte_cont_addr_end(where, end);
		count = (stop - where) >> PAGE_SHIFT;
		value = pfn_pte(pfn, prot);
		value = (where | stop | (pfn << PAGE_SHIFT)) & ~CONT_PTE_MASK ? pte_mknoncont(value) : pte_mkcont(value);
		__set_ptes(mm, where, slot, value, count);
		pfn += count;
		slot += count;
		where = stop;
	} while (where != end);
}

pte_t contpte_get_and_clear_full_ptes(struct mm_struct *mm, unsigned long where, pte_t *slot, unsigned int count,
				      int full)
{
	unfold_ends(mm, where, slot, count);
	return __get_and_clear_full_ptes(mm, where, slot, count, full);
}
