/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event log, in the vocabulary of models/machine/state.py. PR_EVENTS is read by models/native/arena.py too.
 *
 * A bare run (PR_BARE, of exhaustive checking) logs nothing: pr_order() and the like keep the little that tells two runs apart.
 */
#define PR_EVENTS(e) \
	e(R) e(X) e(S) e(T) \
	e(page_table_check_pte_clear) e(page_table_check_ptes_set) e(check_safe_pte_update) \
	e(warn) e(marker) e(result) e(contpte_convert) \
	e(ptep_get) e(ptep_get_and_clear) e(get_and_clear_full_ptes) e(pte_clear) e(set_ptes) e(set_pte_at) \
	e(ptep_modify_prot_start) e(ptep_modify_prot_commit) e(modify_prot_start_ptes) e(modify_prot_commit_ptes) \
	e(tlb_flush_pte_range) \
	e(pte_batch_hint) e(folio_pte_batch) e(folio_pte_batch_flags) e(vm_normal_folio) \
	e(pte_offset_map_lock) e(pte_offset_map_rw_nolock) e(pte_unmap) \
	e(spin_lock) e(spin_lock_nested) e(spin_unlock) \
	e(i_mmap_lock_write) e(anon_vma_lock_write) e(anon_vma_unlock_write) e(i_mmap_unlock_write) \
	e(arch_enter_lazy_mmu_mode) e(arch_leave_lazy_mmu_mode) e(lazy_mmu_mode_enable) e(lazy_mmu_mode_disable) \
	e(lazy_mmu_mode_pause) e(lazy_mmu_mode_resume) e(flush_tlb_batched_pending) \
	e(flush_tlb_range) e(flush_tlb_page) e(flush_tlb_mm) e(local_flush_tlb_all)

/* The special paths of a bare run: harness/exhaust/native_pair.py has their names. */
enum { PR_PATH_BATCH, PR_PATH_FOLD, PR_PATH_UNFOLD, PR_PATH_MARKER, PR_NR_PATHS };

#define PR_NAMED(name) PR_EV_##name,
enum pr_event_name { PR_EVENTS(PR_NAMED) PR_NR_EVENTS };
#undef PR_NAMED

#ifdef PR_BARE
#define PR_LINE() ((void)0)
#define pr_log(name, ...) ((void)0)
#define PR_MIX 0x9e3779b97f4a7c15UL
#define PR_SPREAD 0xc2b2ae3d27d4eb4fUL
#define pr_order(name, id) (pr->order = (pr->order ^ (PR_EV_##name * 8 + ((id) & 7) + 1)) * PR_MIX)
#define pr_mark(name, id) pr_order(name, id)
/* What a run does to memory, TLB and locks, in order: harness/search/explore.py:writes() has the same events. */
#define pr_did(name, a, b) (pr->writes = (pr->writes ^ ((u64)(b) * PR_SPREAD + ((u64)(a) << 8) + PR_EV_##name)) * PR_MIX)
#define pr_wrong(bit) (pr->wrong |= 1UL << (bit))
/* Two warnings with different conditions are two; how often one of them comes is not compared. */
static inline void pr_warned(const char *text)
{
	u64 hash = 0;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * PR_MIX;
	if (!(pr->warned & 1UL << (hash >> 58)))
		pr->order = (pr->order ^ hash) * PR_MIX;
	pr->warned |= 1UL << (hash >> 58);
}
#define pr_path(path) (pr->paths |= 1UL << (path))
#else
/* Whether somebody waits for this access to an entry. Each access counts, for all that wait. */
static inline bool pr_awaited(enum pr_event_name name, u64 ptep)
{
	bool awaited = false;

	for (u64 i = 0; i < pr->nr_watched; i++) {
		struct pr_watched *watched = &pr->watched[i];

		if (watched->ptep == ptep && !(watched->changes && name == PR_EV_R) && !--watched->left)
			awaited = true;
	}
	return awaited;
}

/* Whether others may act at an event: the access that one of them waits for, or a lock where they wait for locks. */
static inline bool pr_matters(enum pr_event_name name, u64 ptep)
{
	if (unlikely(pr->asks & PR_ASK_FIRST)) {
		pr->asks &= ~PR_ASK_FIRST;
		pr_awaited(name, ptep);
		return true;
	}
	switch (name) {
	case PR_EV_R: case PR_EV_X: case PR_EV_S:
		return pr_awaited(name, ptep);
	case PR_EV_pte_offset_map_lock: case PR_EV_spin_lock: case PR_EV_spin_lock_nested:
	case PR_EV_i_mmap_lock_write: case PR_EV_anon_vma_lock_write:
		return pr->asks & PR_ASK_LOCK;
	case PR_EV_spin_unlock: case PR_EV_anon_vma_unlock_write: case PR_EV_i_mmap_unlock_write:
		return pr->asks & PR_ASK_UNLOCK;
	default:
		return false;
	}
}

static inline void pr_logged(enum pr_event_name name, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	struct pr_event *event = &pr->events[pr->nr_events];

	if (unlikely(pr->nr_events >= (u64)pr->passes_left))
		pr_end(PR_NO_PROGRESS);
	*event = (struct pr_event) { name, { a, b, c, d, e, f, *pr->line } };
	pr->nr_events++;
	pr->asked = unlikely(pr->ask) && pr_matters(name, a);
	if (pr->asked)
		pr->ask(pr);
}
#define PR_LINE() (*pr->line = __LINE__)
#define PR_SIX(a, b, c, d, e, f, ...) (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f)
#define pr_log(name, ...) pr_logged(PR_EV_##name, PR_SIX(__VA_ARGS__, 0, 0, 0, 0, 0, 0))
#define pr_mark(name, id) pr_log(name, id)
#define pr_order(name, id) ((void)0)
#define pr_did(name, a, b) ((void)0)
#define pr_path(path) ((void)0)
#define pr_warned(text) ((void)0)
#define pr_wrong(bit) ((void)0)	/* the machine of models/machine follows the log and says so */
#endif
