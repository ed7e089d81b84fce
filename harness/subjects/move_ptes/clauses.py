# SPDX-License-Identifier: GPL-2.0-only
"""What the contracts say about move_ptes(), part by part, and who said so."""

from pte_review.harness.judging.contracts import Clause

CLAUSES = (
    Clause("kind, PFN, swap payload", "same", "same", "mremap(2)"),
    Clause("write", "same", "same", '04d1c9d60c6e ("mm/mremap: honour writable bit in mremap pte batching"), v6.18'),
    Clause("uffd-wp", "same", "same", "0cef0bb836e3, CVE-2025-21696"),
    Clause("soft-dirty", "same", "same", "set on everything that moved"),
    Clause(
        "accessed, dirty",
        "same",
        "not lost; gained only from an entry of the same large folio",
        "Dev Jain and David Hildenbrand, v3 of the series, May 2025; get_and_clear_full_ptes() merges them",
    ),
    Clause("CONT", "free", "free", "private to arm64's contpte layer; a broken block is a kind of its own"),
    Clause("other bits", "same", "same", "no predicate reads them, and no move changes them"),
    Clause("return value", "same", "same", "move_page_tables() tries again on -EAGAIN, and goes on after 0"),
    Clause(
        "warnings",
        "same",
        "same",
        "b36b701bbcd9: a batch looks at its first destination only, so VM_WARN_ON_ONCE(!pte_none()) may stop firing: "
        "warning-missing",
    ),
    Clause(
        "page_table_check",
        "no BUG of its own; the same map counts where the tables are the same",
        "no BUG of its own; the same map counts where the tables are the same",
        "mm/page_table_check.c; a plain pte_clear() of a mapped page shows in the counts: page-table-check",
    ),
    Clause(
        "primitives",
        "each keeps their contracts",
        "each keeps their contracts",
        "kernel-doc of set_ptes() and get_and_clear_full_ptes(): a batch over an occupied destination is "
        "primitive-contract, the same entries one by one are not",
    ),
    Clause(
        "TLB",
        "each flushes before a page-table lock is dropped",
        "each flushes before a page-table lock is dropped",
        "eb66ae030829 (CVE-2018-18281), 5d1904204c99",
    ),
    Clause("locks, lazy MMU mode", "each balances them", "each balances them", "no lock, no run of the next one"),
    Clause(
        "other CPUs",
        "each by its own rules, tables not compared",
        "each by its own rules, tables not compared",
        "an event meets two versions in different states; what it set must not be lost: dirty-lost, young-lost",
    ),
    Clause("events, costs", "free", "free", "versions are meant to differ in those"),
)
