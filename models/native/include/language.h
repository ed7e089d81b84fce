/* SPDX-License-Identifier: GPL-2.0-only */
/* The C dialect of the kernel: short types, attributes, small macros. */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;
typedef u64 phys_addr_t;
typedef u64 pteval_t;
typedef u64 ptval_t;
typedef u64 ptdesc_t;
typedef unsigned int gfp_t;
typedef unsigned long pgoff_t;

#define BITS_PER_LONG 64
#define BIT(nr) (1UL << (nr))
#define GENMASK(h, l) ((~0UL >> (63 - (h))) & (~0UL << (l)))
#define GENMASK_ULL(h, l) GENMASK(h, l)
#define __bitwise
#define __force
#define __user
#define __must_check
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __read_mostly
#define __init
#define noinline __attribute__((noinline))
#define noinline_for_stack noinline
#define nokprobe_inline inline
#define notrace
#define asmlinkage
#define __exit
#define __ref
#define __weak
#define __visible
#define __used __attribute__((used))
#define __cold
#define __sched
#define __kernel
#define __iomem
#define __percpu
#define __rcu
#define __private
#define __ro_after_init
#define __latent_entropy
#define fallthrough __attribute__((fallthrough))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define __cond_acquires(...)
#define EXPORT_SYMBOL(x) struct pr_nothing
#define EXPORT_SYMBOL_GPL(x) struct pr_nothing
#define EXPORT_SYMBOL_FOR_KVM(x) struct pr_nothing

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ __volatile__("" : : : "memory")
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_mb() barrier()
#define min(a, b) ({ __auto_type pr_a_ = (a); __auto_type pr_b_ = (b); pr_a_ < pr_b_ ? pr_a_ : pr_b_; })
#define max(a, b) ({ __auto_type pr_a_ = (a); __auto_type pr_b_ = (b); pr_a_ > pr_b_ ? pr_a_ : pr_b_; })
#define min3(a, b, c) min(min(a, b), c)
#define max3(a, b, c) max(max(a, b), c)
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b) do { __auto_type pr_s_ = (a); (a) = (b); (b) = pr_s_; } while (0)
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN(x, a) ALIGN_DOWN((x) + (a) - 1, a)
#define PTR_ALIGN_DOWN(p, a) ((__typeof__(p))ALIGN_DOWN((unsigned long)(p), a))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* IS_ENABLED(): 1 where the option is defined as 1. */
#define PR_PROBE_1 ~, 1
#define PR_SECOND(a, b, ...) b
#define PR_PROBED(...) PR_SECOND(__VA_ARGS__, 0, 0)
#define PR_PASTED(x) PR_PROBED(PR_PROBE_##x)
#define IS_ENABLED(option) PR_PASTED(option)
#define IS_BUILTIN(option) PR_PASTED(option)

#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EINVAL 22

#ifndef NULL
#define NULL ((void *)0)
#endif
