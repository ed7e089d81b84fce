// SPDX-License-Identifier: GPL-2.0-only
/*
 * move_ptes() by batches, as models/move_ptes/v4.py has it, under the older signature, and in as odd a shape as a kernel
 * file may have. Written for the tests of pte-review; not the kernel's text.
 */
#include <linux/mm.h>
#include <linux/hugetlb.h>

enum { ALONE = 1, STRIDE = PAGE_SIZE, TRY_AGAIN = -EAGAIN };

struct cursor {
	unsigned long at, to;
	pte_t *src, *dst;
	union { int nr; unsigned int count; };
};

typedef struct cursor cursor_t;

#define for_each_lock(way, vma)						\
	do {								\
		if ((vma)->vm_file && way)				\
			i_mmap_lock_write((vma)->vm_file->f_mapping);	\
		if ((vma)->anon_vma)					\
			(way ? (void)anon_vma_lock_write((vma)->anon_vma) \
			     : (void)anon_vma_unlock_write((vma)->anon_vma)); \
		if ((vma)->vm_file && !way)				\
			i_mmap_unlock_write((vma)->vm_file->f_mapping);	\
	} while (0)
#define LOCK	1
#define UNLOCK	0

static pte_t moved(pte_t, struct vm_area_struct *);
static inline void advance(cursor_t *cursor);
static int another_one(struct no_such_struct *);

#if defined(CONFIG_MEM_SOFT_DIRTY) && \
    (defined(CONFIG_X86_64) || \
     defined(CONFIG_S390))
static pte_t marked(pte_t pte)
{
	return pte_present(pte) ? pte_mksoft_dirty(pte)
	     : is_swap_pte(pte) ? pte_swp_mksoft_dirty(pte) : pte;
}
#elif defined(CONFIG_NO_SUCH_ARCHITECTURE)
static pte_t marked(pte_t pte) { return no_such_mark(pte); }
#else
# ifndef CONFIG_NO_SUCH_OPTION
#define marked(pte) (pte)
# else
#define marked(pte) no_such_mark(pte)
# endif
#endif /* CONFIG_MEM_SOFT_DIRTY */

static __always_inline __must_check int
batch(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, pte_t pte, int max)
{
	struct folio *folio = max == ALONE ? NULL : vm_normal_folio(vma, addr, pte);

	return folio && folio_test_large(folio) ?
	       folio_pte_batch(folio, addr, ptep, pte, max, FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY, NULL, NULL, NULL) :
	       ALONE;
}

/* The address of a counter that nobody reads: a static local and an unused label. */
static unsigned int *counter(void)
{
	static unsigned int calls;

	return &calls;
}

static int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd,
		unsigned long old_addr, unsigned long old_end,
		struct vm_area_struct *new_vma, pmd_t *new_pmd,
		unsigned long new_addr, bool need_rmap_locks)
{
	struct mm_struct *mm = vma->vm_mm; const unsigned long len = old_end - old_addr;
	cursor_t c = { .at = old_addr, .to = new_addr }, *const cursor = &c;
	spinlock_t *ptls[2];
	register pte_t pte, seen;
	_Bool force_flush = 0;
	pmd_t dummy; int n, err = TRY_AGAIN;

	if (need_rmap_locks) for_each_lock(LOCK, vma);

	c.src = pte_offset_map_lock(mm, old_pmd, c.at, ptls + 0);
	if (!c.src) goto unlock_rmap;
	c.dst = pte_offset_map_rw_nolock(mm, new_pmd, c.to, &dummy, ptls + 1);
	if (c.dst == NULL) { pte_unmap_unlock(c.src, *ptls); goto unlock_rmap; }
	if (ptls[1] != *ptls)
		spin_lock_nested(ptls[1], SINGLE_DEPTH_NESTING);
	flush_tlb_batched_pending(vma->vm_mm);
	arch_enter_lazy_mmu_mode(); err = 0;

again:	if (c.at >= old_end)
		goto done;
	c.nr = 1;
	seen = ptep_get(c.src);
	if (pte_none(seen))
		goto next;
	if (pte_present(seen)) {
		c.nr = batch(vma, c.at, c.src, seen, (old_end - c.at) / STRIDE);
		force_flush = 1;
	}
	pte = get_and_clear_full_ptes(mm, c.at, c.src, c.count, 0);
	pte = marked(move_pte(pte, c.at, c.to));
	if (vma_has_uffd_without_event_remap(vma) && pte_marker_uffd_wp(pte)) {
		pte_clear(mm, c.to, c.dst);
		goto next;
	}
	pte = moved(pte, vma);
	do
		set_ptes(mm, c.to, c.dst, pte, c.nr);
	while (0);
next:
	advance(cursor);
	++*counter();
	goto again;
done:
	arch_leave_lazy_mmu_mode();
	if (force_flush)
		flush_tlb_range(vma, old_end - len, old_end);
	for (n = 1; n && ptls[1] != ptls[0]; n--)
		spin_unlock(ptls[1]);
	pte_unmap(c.dst - 1);
	pte_unmap_unlock(c.src - 1, ptls[0]);
unlock_rmap:
	if (need_rmap_locks) for_each_lock(UNLOCK, vma);
	return err;
}

static void advance(cursor_t *cursor)
{
	int n = cursor->nr;

	while (n--)
		cursor->at += STRIDE, cursor->to += STRIDE, cursor->src++, cursor->dst++;
}

static pte_t moved(pte, vma)
	pte_t pte;
	struct vm_area_struct *vma;
{
	if (!vma_has_uffd_without_event_remap(vma))
		return pte;
	return pte_present(pte) ? pte_clear_uffd_wp(pte)
	     : is_swap_pte(pte) ? pte_swp_clear_uffd_wp(pte) : pte;
}

#ifdef CONFIG_NO_SUCH_OPTION
static int another_one(struct no_such_struct *what) { return no_such_call(what); }
#endif
