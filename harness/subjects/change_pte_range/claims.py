# SPDX-License-Identifier: GPL-2.0-only
"""What the series claims to gain and cost, beside the counts. Every figure is measured when it is asked for.

v5 is 20250718090244.21092-1-dev.jain@arm.com and its patches. The last claim is from the series that v7.1 has.
"""

from pte_review.harness.costs.compare import measure
from pte_review.harness.costs.workload import HOLDS, IN_PART, NOT, UNSEEN, Claim
from pte_review.harness.subjects.change_pte_range.workloads import WORKLOADS
from pte_review.models.change_pte_range.call import FUNCTION
from pte_review.models.loading import load
from pte_review.models.version import Version


def claims() -> list[Claim]:
    """With the loop before, the batches, and those of v7.1."""
    old, new, small = (load(name, FUNCTION) for name in ("before_batching", "batching", "small_folios"))
    return [
        _reads(old, new),
        _flushes(old, new),
        _calls(old, new),
        _overhead(old, new),
        _small(old, new),
        _speedup(new, small),
    ]


def _both(old: Version, new: Version, workload: str, count: str, arch: str = "arm64") -> tuple[int, int]:
    return measure(old, WORKLOADS[workload], arch)[count], measure(new, WORKLOADS[workload], arch)[count]


def _reads(old: Version, new: Version) -> Claim:
    calls, raw = _both(old, new, "block", "ptep-get-calls"), _both(old, new, "block", "raw-reads")
    x86 = _both(old, new, "block", "ptep-get-calls", "x86_64")
    return Claim(
        '"a 16x reduction in the number of ptep_get() calls" (v5, 0/7, of contpte blocks on arm64)',
        HOLDS if calls[0] == 16 * calls[1] else NOT,
        f"arm64, a whole block: {calls[0]} -> {calls[1]} calls, {raw[0]} -> {raw[1]} entries read",
        f"x86_64, the same folio: {x86[0]} -> {x86[1]}, since a batch is found by reading its entries",
    )


def _flushes(old: Version, new: Version) -> Claim:
    unfolds, folds = _both(old, new, "block", "unfolds"), _both(old, new, "block", "folds")
    start, end = _both(old, new, "start-mid-block", "unfolds"), _both(old, new, "end-mid-block", "unfolds")
    return Claim(
        '"elide the TLBI per contig block on arm64" (v5, 6/7)',
        HOLDS if unfolds[1] + folds[1] == 0 else NOT,
        f"arm64, a whole block: {unfolds[0]} unfolds and {folds[0]} folds -> {unfolds[1]} and {folds[1]}, "
        "each of them a flush",
        f"a block covered in part: {start[0]} -> {start[1]} at the start, {end[0]} -> {end[1]} at the end",
    )


def _calls(old: Version, new: Version) -> Claim:
    x86, arm = _both(old, new, "folio-2m", "primitive-calls", "x86_64"), _both(old, new, "folio-2m", "primitive-calls")
    exchanges = _both(old, new, "folio-2m", "exchanges", "x86_64")
    return Claim(
        '"PTE batching here will save a few function calls [...] a performance win for all arches" (v5, 6/7)',
        IN_PART if arm[1] < arm[0] and exchanges[0] == exchanges[1] else NOT,
        f"64 pages of a PTE-mapped 2M folio, calls of primitives: x86_64 {x86[0]} -> {x86[1]}, "
        f"arm64 {arm[0]} -> {arm[1]}",
        f"x86_64: entries exchanged {exchanges[0]} -> {exchanges[1]}, one by one as before",
    )


def _overhead(old: Version, new: Version) -> Claim:
    commits = [_both(old, new, name, "primitive-calls") for name in ("block-writable", "block-shared")]
    return Claim(
        '"this does not cause any extra overhead" (v5, 6/7, of pages asked one by one)',
        HOLDS if all(after < before for before, after in commits) else IN_PART,
        f"arm64, a 64K folio made writable: {commits[0][0]} -> {commits[0][1]} calls of primitives",
        f"every other page AnonExclusive, 16 sub-batches: {commits[1][0]} -> {commits[1][1]}",
    )


def _small(old: Version, new: Version) -> Claim:
    lookups, batched = (_both(old, new, "order-0", count, "x86_64") for count in ("folio-lookups", "batched-entries"))
    again = _both(old, new, "order-0-writable", "folio-lookups", "x86_64")
    return Claim(
        '"a slight degradation in the small folio case due to the overhead of vm_normal_folio() + folio_test_large()" '
        "(v5, 0/7)",
        HOLDS if lookups[1] > lookups[0] and not batched[1] else NOT,
        f"x86_64, 16 order-0 pages made read-only: folio look-ups {lookups[0]} -> {lookups[1]}, nothing is batched",
        f"made writable again: {again[0]} -> {again[1]}, since can_change_pte_writable() looked the page up before",
    )


def _speedup(new: Version, small: Version) -> Claim:
    counts = [measure(each, WORKLOADS["order-0-writable"], "x86_64") for each in (new, small)]
    before, after = ((each["primitive-calls"], each["folio-lookups"]) for each in counts)
    return Claim(
        '"a 14% speedup in mprotect" for small folios (20260324154342.156640-1-pfalcato@suse.de, in v7.1)',
        UNSEEN if before == after else HOLDS if sum(after) < sum(before) else NOT,
        f"x86_64, 16 order-0 pages made writable, calls of primitives: {before[0]} -> {after[0]}, folio look-ups "
        f"{before[1]} -> {after[1]}",
        "v7.1 inlines the code around these calls, which no count shows",
    )
