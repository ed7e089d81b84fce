# SPDX-License-Identifier: GPL-2.0-only
"""What the contracts say about change_pte_range(), part by part, and who said so."""

from pte_review.harness.judging.contracts import Clause

CLAUSES = (
    Clause("kind, PFN, swap payload", "same", "same", "mprotect(2); migration entries keep accessed and dirty"),
    Clause(
        "write",
        "the same",
        "what newprot gives; by hand only where can_change_pte_writable() says so, and it may be missing there",
        "cf1b80dc31a1; an upgrade saves a fault: write-upgraded and write-not-upgraded are counted",
    ),
    Clause("uffd-wp", "same", "same", "as cp_flags say"),
    Clause(
        "soft-dirty",
        "same",
        "not lost, except of writable device-private entries; gained only if one of the same large folio was dirty",
        "pte_mkdirty() in modify_prot_start_ptes() sets it; FPB_RESPECT_SOFT_DIRTY does not see that",
    ),
    Clause(
        "accessed, dirty",
        "same",
        "not lost; gained only from an entry of the same large folio",
        "20250718090244.21092-7-dev.jain@arm.com: extra accessed and dirty bits are fine",
    ),
    Clause("CONT", "free", "free", "private to arm64's contpte layer; a broken block is a kind of its own"),
    Clause("other bits", "same", "same", "those of newprot"),
    Clause("return value", "same", "same", "entries changed; change_pmd_range() adds it up, NUMA balancing counts it"),
    Clause(
        "NUMA hints",
        "same",
        "free for a pinned folio in a mapping that is not copy-on-write",
        "v6.19 skips it, v6.17 and v6.18 do not: numa-hint",
    ),
    Clause(
        "warnings",
        "same",
        "same",
        "can_change_pte_writable(): an upgrade in a VMA without VM_WRITE",
    ),
    Clause(
        "page_table_check",
        "no BUG of its own; the same map counts where the tables are the same",
        "no BUG of its own; the same map counts where the tables are the same",
        "syzbot 57bcc752f0df8bb1365c",
    ),
    Clause(
        "primitives",
        "each keeps their contracts",
        "each keeps their contracts",
        "kernel-doc of modify_prot_start_ptes() and set_ptes()",
    ),
    Clause(
        "TLB",
        "nothing stale when the caller has finished its mmu_gather",
        "nothing stale when the caller has finished its mmu_gather",
        "pte_needs_flush(): what allows no more than the new entry need not be flushed",
    ),
    Clause("locks, lazy MMU mode", "each balances them", "each balances them", "no lock, no run of the next one"),
    Clause(
        "other CPUs",
        "each by its own rules, tables not compared",
        "each by its own rules, tables not compared",
        "what they set must not be lost: dirty-lost, young-lost",
    ),
    Clause("events, costs", "free", "free", "versions are meant to differ in those"),
)
