/* SPDX-License-Identifier: GPL-2.0-only */
/* What functions under review ask of a VMA, and warnings. */
#define is_vm_hugetlb_page(vma) false
#define vma_is_anonymous(vma) (!(vma)->vm_file)

/* A function of userfaultfd.c. */
#define userfaultfd_wp_unpopulated(vma) \
	((vma)->vm_userfaultfd_ctx.ctx && ((vma)->vm_userfaultfd_ctx.ctx->features & UFFD_FEATURE_WP_UNPOPULATED))

#define cond_resched() ((void)0)
#define might_sleep() ((void)0)

/* VM_* evaluate their condition only with CONFIG_DEBUG_VM. */
#define PR_FILE 0	/* of the project's own headers; models/native/translation_unit.py numbers the tree's files */
#define PR_WARN(which, bit, text) ({ PR_LINE(); pr_log(warn, which, PR_FILE); pr_warned(text); pr_wrong(bit); })
#define WARN_ON(cond) ({ bool pr_w_ = !!(cond); if (unlikely(pr_w_)) PR_WARN(0, PR_WARNED, #cond); pr_w_; })
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)
#define WARN(cond, ...) WARN_ON(cond)
#ifdef PR_BARE
#define PR_DEBUG(cond) (cond)
#else
#define PR_DEBUG(cond) ({ bool pr_c_; pr->debugging++; pr_c_ = !!(cond); pr->debugging--; pr_c_; })
#endif
#define VM_WARN_ON(cond) ({ \
	if (pr_config(DEBUG_VM) && PR_DEBUG(cond)) \
		PR_WARN(1, PR_VM_WARNED, #cond); \
})
#define VM_WARN_ON_ONCE(cond) VM_WARN_ON(cond)
#define VM_WARN_ONCE(cond, ...) VM_WARN_ON(cond)
#define VM_WARN(cond, ...) VM_WARN_ON(cond)
#define VM_WARN_ON_FOLIO(cond, folio) VM_WARN_ON(cond)
#define VM_WARN_ON_ONCE_FOLIO(cond, folio) VM_WARN_ON(cond)
#define VM_WARN_ON_VMG(cond, vmg) VM_WARN_ON(cond)

#define BUG() ({ PR_LINE(); pr_end(PR_BUG); })
#define BUG_ON(cond) ({ if (unlikely(cond)) BUG(); })
#define VM_BUG_ON(cond) ({ if (pr_config(DEBUG_VM) && PR_DEBUG(cond)) BUG(); })
#define VM_BUG_ON_PAGE(cond, page) VM_BUG_ON(cond)
#define VM_BUG_ON_FOLIO(cond, folio) VM_BUG_ON(cond)
#define VM_BUG_ON_VMA(cond, vma) VM_BUG_ON(cond)
/* Of a condition that only the optimiser knows it says nothing. */
#define BUILD_BUG_ON(cond) ((void)sizeof(char[(cond) ? -1 : 1]))

/* What only prints. */
#define printk(...) ((void)0)
#define printk_once(...) ((void)0)
#define trace_printk(...) ((void)0)
#define dump_stack() ((void)0)
#define dump_page(page, reason) ((void)0)
#define pr_err(...) ((void)0)
#define pr_err_once(...) ((void)0)
#define pr_warn(...) ((void)0)
#define pr_warn_once(...) ((void)0)
#define pr_warn_ratelimited(...) ((void)0)
#define pr_info(...) ((void)0)
#define pr_info_once(...) ((void)0)
#define pr_debug(...) ((void)0)
