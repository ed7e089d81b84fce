# SPDX-License-Identifier: GPL-2.0-only
"""Which differences two versions may have, by name, bit by bit, and what else they are compared in."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.judging.expected import Expected, gathered
from pte_review.harness.judging.finding import Finding
from pte_review.models.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    accessed_dirty_free: bool  # inside a large folio
    summary: str


CONTRACTS = {
    "folio-ad": Contract("folio-ad", True, "accessed and dirty may spread inside a large folio; what the list accepts"),
    "exact": Contract("exact", False, "final states are the same but for CONT"),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """What both contracts say about one part of an outcome, and who said so."""

    part: str
    exact: str
    folio_ad: str
    source: str


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


def compare(contract: Contract, x: Expected, base: Outcome, candidate: Outcome) -> tuple[list[Finding], dict[str, int]]:
    """How `candidate` differs from `base` beyond their own rules, and how often in ways that are allowed."""
    found = list(_warnings(base, candidate))
    allowed: dict[str, int] = {}
    if base.old_table != candidate.old_table or base.new_table != candidate.new_table:
        tables = [("old", base.old_table, candidate.old_table), ("new", base.new_table, candidate.new_table)]
        for table, ours, theirs in tables:
            for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
                if a == b:
                    continue
                if (a ^ b) & x.words.CONT and x.words.pte_present(a) and x.words.pte_present(b):
                    allowed["cont"] = allowed.get("cont", 0) + 1
                kinds = _ad_kinds(x, gathered(x.words, ours, index), gathered(x.words, theirs, index))
                for kind in kinds:
                    if contract.accessed_dirty_free:
                        gained = kind.replace("lost", "gained")  # by one of the two, BASE or CANDIDATE
                        allowed[gained] = allowed.get(gained, 0) + 1
                    else:
                        found.append(Finding(kind, table, index))
    elif base.map_counts != candidate.map_counts:
        found.append(Finding("page-table-check", what="map counts differ although the tables are the same"))
    return found, allowed


def _ad_kinds(x: Expected, base: int, candidate: int) -> Iterator[str]:
    """Accessed and dirty of the same entry, relative to BASE."""
    words = x.words
    if not (
        words.pte_present(base) and words.pte_present(candidate) and words.pte_pfn(base) == words.pte_pfn(candidate)
    ):
        return
    for name, is_set in (("young", words.pte_young), ("dirty", words.pte_dirty)):
        if is_set(base) != is_set(candidate):
            yield f"{name}-gained" if is_set(candidate) else f"{name}-lost"


def _warnings(base: Outcome, candidate: Outcome) -> Iterator[Finding]:
    for what in base.warnings:
        if what not in candidate.warnings:
            yield Finding("warning-missing", what=what)
    for what in candidate.warnings:
        if what not in base.warnings:
            yield Finding("warning-extra", what=what)
