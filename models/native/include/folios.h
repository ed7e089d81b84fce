/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folios behind entries. A struct page is a number in disguise: nothing lies at its address, so that page arithmetic
 * works and a look into one ends the run by a signal.
 */
struct page { u64 words[8]; };
struct folio { struct page page; };

#define PR_VMEMMAP 0x500000000000UL

#define pfn_to_page(pfn) ((struct page *)(PR_VMEMMAP + (u64)(pfn) * sizeof(struct page)))
#define page_to_pfn(p) (((u64)(p) - PR_VMEMMAP) / sizeof(struct page))
#define pfn_valid(pfn) ((u64)(pfn) <= pr->highest_memmap_pfn)
#define virt_addr_valid(address) false
#define virt_to_page(address) ((struct page *)NULL)
#define PageTable(page) false
#define is_zero_pfn(pfn) ((u64)(pfn) == pr->zero_pfn)

static const struct pr_folio *pr_search_folio(u64 pfn)
{
	u64 low = 0, high = pr->nr_folios;

	while (low < high) {
		u64 at = (low + high) / 2;
		const struct pr_folio *folio = &pr->folios[at];

		if (pfn < folio->pfn)
			high = at;
		else if (pfn >= folio->pfn + (1UL << folio->order))
			low = at + 1;
		else
			return folio;
	}
	return NULL;
}

#ifdef PR_BARE
enum { PR_LOW_PAGES = 1024 };	/* their folios are known without a search */
static struct pr_folio pr_low_folios[PR_LOW_PAGES];
#endif

static inline void pr_know_folios(void)
{
#ifdef PR_BARE
	for (u64 i = 0; i < PR_LOW_PAGES; i++)
		pr_low_folios[i] = (struct pr_folio) { .pfn = i };
	for (u64 i = 0; i < pr->nr_folios; i++)
		for (u64 j = 0; j < 1UL << pr->folios[i].order && pr->folios[i].pfn + j < PR_LOW_PAGES; j++)
			pr_low_folios[pr->folios[i].pfn + j] = pr->folios[i];
#endif
}

/* The folio that `pfn` belongs to; a page without one is a small one of a file, also where there is NULL. */
static inline const struct pr_folio *pr_folio_of(u64 pfn)
{
#ifdef PR_BARE
	if (likely(pfn < PR_LOW_PAGES))
		return &pr_low_folios[pfn];
#endif
	return pr_search_folio(pfn);
}

static inline struct folio *pr_page_folio(const struct page *page)
{
	const struct pr_folio *folio = pr_folio_of(page_to_pfn(page));

	return (struct folio *)(folio ? pfn_to_page(folio->pfn) : page);
}

#define page_folio(p) pr_page_folio((const struct page *)(p))
#define pfn_folio(pfn) page_folio(pfn_to_page(pfn))
#define folio_pfn(folio) page_to_pfn(folio)
#define folio_page(folio, n) ((struct page *)(folio) + (n))

static inline unsigned int folio_order(const struct folio *folio)
{
	const struct pr_folio *known = pr_folio_of(folio_pfn(folio));

	return known ? known->order : 0;
}

static inline long folio_nr_pages(const struct folio *folio) { return 1L << folio_order(folio); }
static inline bool folio_test_large(const struct folio *folio) { return folio_order(folio) > 0; }

static inline bool folio_test_anon(const struct folio *folio)
{
	const struct pr_folio *known = pr_folio_of(folio_pfn(folio));

	return known && known->anon;
}

/* What NUMA balancing asks, after models/machine/numa.py; the memory node stands above. */
enum pr_folio_fact { PR_MAPPED_SHARED = 1, PR_KSM = 2, PR_PINNED = 4, PR_FOLIO_DIRTY = 8, PR_ZONE_DEVICE = 16 };
#define NUMA_NO_NODE (-1)
#define NUMA_BALANCING_NORMAL 1
#define NUMA_BALANCING_MEMORY_TIERING 2
#define sysctl_numa_balancing_mode (pr_config(NUMA_NORMAL) ? NUMA_BALANCING_NORMAL : NUMA_BALANCING_MEMORY_TIERING)
#define numa_node_id() 0
#define node_is_toptier(nid) ((nid) < 2)

static inline u64 pr_facts(const struct folio *folio)
{
	const struct pr_folio *known = pr_folio_of(folio_pfn(folio));

	return known ? known->facts : 0;
}

#define folio_nid(folio) ((int)(pr_facts(folio) >> 8))
#define folio_maybe_mapped_shared(folio) (!!(pr_facts(folio) & PR_MAPPED_SHARED))
#define folio_likely_mapped_shared(folio) folio_maybe_mapped_shared(folio)
#define folio_test_ksm(folio) (!!(pr_facts(folio) & PR_KSM))
#define folio_maybe_dma_pinned(folio) (!!(pr_facts(folio) & PR_PINNED))
#define folio_test_dirty(folio) (!!(pr_facts(folio) & PR_FOLIO_DIRTY))
#define folio_is_zone_device(folio) (!!(pr_facts(folio) & PR_ZONE_DEVICE))
#define folio_is_file_lru(folio) (!folio_test_anon(folio))
#define folio_use_access_time(folio) (!pr_config(NUMA_NORMAL) && !node_is_toptier(folio_nid(folio)))
#define folio_xchg_access_time(folio, time) ((void)(time))
#define jiffies 0UL
#define jiffies_to_msecs(j) ((unsigned int)(j))
/* Somebody who migrates a folio has it locked. */
#define folio_test_locked(folio) true

static inline bool pr_anon_exclusive(u64 pfn)
{
	for (u64 i = 0; i < pr->nr_exclusive; i++)
		if (pfn < pr->exclusive[2 * i + 1])
			return pfn >= pr->exclusive[2 * i];
	return false;
}

#define PageAnon(page) folio_test_anon(page_folio(page))
#define PageAnonExclusive(page) pr_anon_exclusive(page_to_pfn(page))

/* models/machine/folios.py says which entries are reported as bad. */
static inline struct folio *vm_normal_folio(struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	u64 pfn = pr_pfn(pte);

	pr_log(vm_normal_folio, addr, pte_val(pte));
	if (pr_special(pte)) {
		if (!(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) && !is_zero_pfn(pfn) && !pr_devmap(pte))
			pr_wrong(PR_BAD_SPECIAL);
		return NULL;
	}
	if (!pfn_valid(pfn)) {
		pr_wrong(PR_BAD_PFN);
		return NULL;
	}
	return pfn_folio(pfn);
}

static inline struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	return vm_normal_folio(vma, addr, pte) ? pfn_to_page(pr_pfn(pte)) : NULL;
}
