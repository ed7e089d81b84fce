# SPDX-License-Identifier: GPL-2.0-only
"""Which differences two versions may have, by name, and what else they are compared in."""

from collections.abc import Iterator
from dataclasses import dataclass

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.promise import Promise
from pte_review.models.gathering import gathered
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
DEFAULT_CONTRACT = "folio-ad"


@dataclass(frozen=True, slots=True)
class Clause:
    """What both contracts say about one part of an outcome, and who said so."""

    part: str
    exact: str
    folio_ad: str
    source: str


def compare(
    contract: Contract, promise: Promise, base: Outcome, candidate: Outcome
) -> tuple[list[Finding], dict[str, int]]:
    """How `candidate` differs from `base` beyond their own rules, and how often in ways that are allowed."""
    findings = list(_warnings(base, candidate))
    allowed: dict[str, int] = {}
    if base.tables != candidate.tables:
        for number, (entries, others) in enumerate(zip(base.tables, candidate.tables, strict=True)):
            findings += _entries(contract, promise, number, entries, others, allowed)
    elif base.map_counts != candidate.map_counts:
        findings.append(Finding("page-table-check", what="map counts differ although the tables are the same"))
    return findings, allowed


def _entries(
    contract: Contract,
    promise: Promise,
    table: int,
    base: tuple[int, ...],
    candidate: tuple[int, ...],
    allowed: dict[str, int],
) -> Iterator[Finding]:
    """The differences of one table; adds to `allowed` what may differ."""
    words = promise.words
    for entry, (a, b) in enumerate(zip(base, candidate, strict=True)):
        if a == b:
            continue
        if (a ^ b) & words.CONT and words.pte_present(a) and words.pte_present(b):
            allowed["cont"] = allowed.get("cont", 0) + 1
        entry_of_base, entry_of_candidate = gathered(words, base, entry), gathered(words, candidate, entry)
        for kind in [
            *_ad_kinds(promise, entry_of_base, entry_of_candidate),
            *promise.differ_freely(entry_of_base, entry_of_candidate),
        ]:
            if contract.accessed_dirty_free:
                gained = kind.replace("lost", "gained")  # by one of the two, BASE or CANDIDATE
                allowed[gained] = allowed.get(gained, 0) + 1
            else:
                yield Finding(kind, promise.scenario.places.range_at(table, entry).name, entry)


def _ad_kinds(promise: Promise, base: int, candidate: int) -> Iterator[str]:
    """Accessed and dirty of the same entry, relative to BASE."""
    words = promise.words
    if not (
        words.pte_present(base) and words.pte_present(candidate) and words.pte_pfn(base) == words.pte_pfn(candidate)
    ):
        return
    for name, is_set in (("young", words.pte_young), ("dirty", words.pte_dirty)):
        if is_set(base) != is_set(candidate):
            yield f"{name}-gained" if is_set(candidate) else f"{name}-lost"


def _warnings(base: Outcome, candidate: Outcome) -> Iterator[Finding]:
    for text in base.warnings:
        if not any(same_warning(text, other) for other in candidate.warnings):
            yield Finding("warning-missing", what=text)
    for text in candidate.warnings:
        if not any(same_warning(text, other) for other in base.warnings):
            yield Finding("warning-extra", what=text)


def same_warning(a: str, b: str) -> bool:
    """Whether two texts are the same warning: a port's VM_WARN_ON_ONCE has no condition, kernel text's has."""
    return a == b or a.startswith(f"{b}: ") or b.startswith(f"{a}: ")
