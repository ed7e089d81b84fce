/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Raw accesses to entries, each within its table or the end of the run.
 *
 * Where others act meanwhile (pr->ask), the value is what whoever was asked says: their change came before the access.
 */
/* An access also where nobody uses the value, as READ_ONCE() is one: it may fault. */
static inline pte_t pr_once(const pte_t *ptep) { return __pte(*(const volatile u64 *)&ptep->pte); }

#ifdef PR_BARE
#define pr_answered(pte) (pte)
#else
#define pr_answered(pte) (unlikely(pr->asked) ? __pte(pr->answer) : (pte))
#endif

static inline pte_t pr_read(const pte_t *ptep)
{
	pr_check_bounds(ptep);
	pr_log(R, pr_number(ptep), ptep->pte, pr->debugging);
	return pr_answered(pr_once(ptep));
}

#ifdef PR_BARE
/* Before the caller is done: what an entry held, which is no mistake yet, and may be none then. */
static inline void pr_may_be_cached(u64 table, u64 index, u64 was)
{
	if (!(pr->stale[table] & 1UL << index))
		pr->cached[table][index] = was;
	else if (pr->cached[table][index] != was)
		pr->more[table] |= 1UL << index;
	pr->stale[table] |= 1UL << index;
}
#endif

/* What only bare runs keep track of in C: translations that may be cached, changes without the lock. */
static inline void pr_changed(const pte_t *ptep, bool stale, u64 was)
{
#ifdef PR_BARE
	if (stale && PR_FLUSHED == PR_AT_RETURN)
		pr_may_be_cached(pr_table_at(ptep), pr_index(ptep), was);
	else if (stale)
		pr->stale[pr_table_at(ptep)] |= 1UL << pr_index(ptep);
	if (unlikely(pr->held != pr->all_ptls))
		pr_wrong(PR_CHANGED_UNLOCKED);
#endif
}

static inline u64 pr_exchange(pte_t *ptep)
{
	u64 was;

	pr_check_bounds(ptep);
	was = ptep->pte;
	pr_log(X, pr_number(ptep), was);
	was = pr_answered(__pte(was)).pte;
	ptep->pte = 0;
	pr_did(X, (u64)ptep - pr_first, was);
	pr_changed(ptep, was & 1, was);
	return was;
}

static inline void pr_store(pte_t *ptep, pte_t pte)
{
	pr_check_bounds(ptep);
	pr_log(S, pr_number(ptep), pte.pte);
	pr_did(S, (u64)ptep - pr_first, pte.pte);
	pr_changed(ptep, (ptep->pte & 1) && ptep->pte != pte.pte, ptep->pte);
	*ptep = pte;
}

static inline void pr_store_from(pte_t *ptep, const void *value)
{
	pr_store(ptep, *(const pte_t *)value);
}

/* Entries through READ_ONCE(), WRITE_ONCE() and xchg() are logged; whatever else they are used on is not. */
#define READ_ONCE(x) _Generic((x), pte_t: pr_read((const pte_t *)&(x)), default: (x))
#define WRITE_ONCE(x, v) do { \
	__typeof__(x) pr_v_ = (v); \
	_Generic((x), pte_t: pr_store_from((pte_t *)&(x), (const void *)&pr_v_), default: (void)((x) = pr_v_)); \
} while (0)
#define xchg(p, v) ({ (void)(v); pr_exchange((pte_t *)(p)); })
#define xchg_relaxed(p, v) xchg(p, v)

/*
 * Plain accesses, put around them by models/native/plain.py: of pointers to entries that point into a table or near one
 * they are events. A pointer to a local variable is none.
 */
static inline bool pr_near(const pte_t *ptep) { return pr_slot(ptep) < pr->nr_tables; }

static inline pte_t pr_read_plain(const pte_t *ptep)
{
	return likely(pr_in_table(ptep)) || pr_near(ptep) ? pr_read(ptep) : *ptep;
}

static inline void pr_store_plain(pte_t *ptep, const void *value)
{
	pte_t pte = *(const pte_t *)value;

	if (likely(pr_in_table(ptep)) || pr_near(ptep))
		pr_store(ptep, pte);
	else
		*ptep = pte;
}

static inline void pr_store_value(void *ptep, u64 value)
{
	pte_t pte = { value };

	pr_store_plain(ptep, &pte);
}

#define PR_PLAIN(x) _Generic((x), pte_t: (PR_LINE(), pr_read_plain((const pte_t *)&(x))), default: (x))
#define PR_STORE(x, ...) ({ \
	__typeof__(x) pr_v_ = (__VA_ARGS__); \
	PR_LINE(); \
	_Generic((x), pte_t: pr_store_plain((pte_t *)&(x), (const void *)&pr_v_), default: (void)((x) = pr_v_)); \
	pr_v_; \
})
#define PR_OF_ENTRY(p, entry, other) _Generic((p), pte_t *: entry, const pte_t *: entry, default: other)
#define PR_PLAIN_FIELD(p) PR_OF_ENTRY(p, (PR_LINE(), pr_read_plain((const pte_t *)(p)).pte), (p)->pte)
#define PR_STORE_FIELD(p, ...) ({ \
	__typeof__((p)->pte) pr_v_ = (__VA_ARGS__); \
	PR_LINE(); \
	PR_OF_ENTRY(p, pr_store_value((void *)(p), (u64)pr_v_), (void)((p)->pte = pr_v_)); \
	pr_v_; \
})
#define PR_CHANGE_FIELD(p, change, ...) ({ \
	__auto_type pr_at_ = (p); \
	__auto_type pr_now_ = PR_PLAIN_FIELD(pr_at_); \
	pr_now_ change (__VA_ARGS__); \
	PR_STORE_FIELD(pr_at_, pr_now_); \
})

#ifdef PR_ARM64
/* Put at the top of the tree's contpte_convert(), if it has one. */
#define PR_NOTE_contpte_convert(ptep, pte) ({ \
	pr_log(contpte_convert, pr_number(ptep) & -(u64)CONT_PTES, pr_cont(pte)); \
	pr_path(pr_cont(pte) ? PR_PATH_FOLD : PR_PATH_UNFOLD); \
})

#define __set_pte_complete(pte) ((void)(pte))
#define __check_safe_pte_update(mm, ptep, pte) pr_check_safe(ptep, pte)
static inline void pr_check_safe(const pte_t *ptep, pte_t pte);
#define __sync_cache_and_tags(pte, nr) ((void)(pte), (void)(nr))
#endif
