/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tree's headers ask of the CPU, the boot and the configuration, beside options that are defined or not. */
#define _AC(x, suffix) x##suffix
#define _AT(type, x) ((type)(x))
#define UL(x) (x##UL)
#define ULL(x) (x##ULL)
#define _UL(x) (x##UL)
#define _ULL(x) (x##ULL)
#define _BITUL(x) (1UL << (x))
#define _BITULL(x) (1ULL << (x))

#define cpu_feature_enabled(feature) (feature)
#define boot_cpu_has(feature) (feature)
#define static_cpu_has(feature) (feature)
#define this_cpu_has(feature) (feature)
#define pgtable_l5_enabled() 0
#define BITS_PER_XA_VALUE (BITS_PER_LONG - 1)
#define PTRS_PER_PTE (PR_SIZE)
#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_SHIFT 30
#define PUD_SIZE (1UL << PUD_SHIFT)
#define PUD_MASK (~(PUD_SIZE - 1))

#ifdef PR_X86_64
#define X86_FEATURE_SHSTK pr_config(SHSTK)
#define X86_FEATURE_USER_SHSTK pr_config(SHSTK)
#define X86_FEATURE_PSE 1
#define X86_FEATURE_NX 1
#define __PHYSICAL_MASK_SHIFT 52
#define MAX_PHYSMEM_BITS 46
#define sme_me_mask 0UL
#define cc_mask 0UL
#define cc_get_mask() 0UL
#define physical_mask ((1UL << 52) - 1)
#define __supported_pte_mask (~0UL)
#define __default_kernel_pte_mask (~0UL)
#define l1tf_pfn_limit() ((1UL << 45) >> PAGE_SHIFT)
#define boot_cpu_has_bug(bug) 1
#else
#ifndef CONT_PTES
#define CONT_PTES ((int)pr->cont_ptes)
#endif
#define CONT_PTE_SIZE ((unsigned long)CONT_PTES * PAGE_SIZE)
#define CONT_PTE_MASK (~(CONT_PTE_SIZE - 1))
#define MAX_PHYSMEM_BITS CONFIG_ARM64_PA_BITS
#define arm64_use_ng_mappings true
#define system_supports_bti_kernel() false
#define system_supports_mte() false
#define system_supports_gcs() false
#define system_supports_poe() false
#define system_supports_lpa2() false
#define system_supports_bbml2_noabort() pr_config(BBML)
#define system_supports_bbml3() pr_config(BBML)
#define lpa2_is_enabled() false
#define MT_NORMAL 0
#define MT_NORMAL_TAGGED 1
#define MT_NORMAL_NC 2
#define MT_DEVICE_nGnRnE 3
#define MT_DEVICE_nGnRE 4
#define cpus_have_final_cap(cap) false
#define cpus_have_cap(cap) false
#define alternative_has_cap_likely(cap) false
/* Of the erratum that a scenario may have; false of every other capability. */
#define PR_CAP_ARM64_WORKAROUND_2645198 ~, pr_config(ERRATUM_2645198)
#define PR_CAP(...) PR_SECOND(__VA_ARGS__, false, 0)
#define alternative_has_cap_unlikely(cap) PR_CAP(PR_CAP_##cap)
#define prot_ns_shared 0UL
#define dsb(scope) barrier()
#define isb() barrier()
#endif
