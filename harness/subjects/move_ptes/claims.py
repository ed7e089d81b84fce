# SPDX-License-Identifier: GPL-2.0-only
"""What the thread says the patch gains, and what was counted. Every figure is measured when it is asked for."""

from pte_review.harness.costs.compare import measure
from pte_review.harness.costs.workload import HOLDS, IN_PART, NOT, Claim
from pte_review.harness.subjects.move_ptes.workloads import WORKLOADS
from pte_review.models.loading import load
from pte_review.models.move_ptes.call import FUNCTION
from pte_review.models.version import Version


def claims() -> list[Claim]:
    """The claims of the v4 message and of what followed, with pre_patch, v4 and its fixes."""
    old, new, hint = (load(name, FUNCTION) for name in ("pre_patch", "v4", "v4_batch_hint"))
    return [
        _calls(old, new),
        _flushes(old, new),
        _split(old, new),
        _page_table_split(old, new),
        _lookups(old, new, hint),
    ]


def _both(old: Version, new: Version, workload: str, count: str, arch: str = "arm64") -> tuple[int, int]:
    return measure(old, WORKLOADS[workload], arch)[count], measure(new, WORKLOADS[workload], arch)[count]


def _calls(old: Version, new: Version) -> Claim:
    calls, reads = _both(old, new, "block", "ptep-get-calls"), _both(old, new, "block", "raw-reads")
    small = _both(old, new, "folio-16k", "ptep-get-calls")
    return Claim(
        '"a 16x reduction in the number of ptep_get() calls" (v4)',
        IN_PART if calls[0] == 16 * calls[1] else NOT,
        f"arm64, a 64K contpte block: {calls[0]} -> {calls[1]} calls, but {reads[0]} -> {reads[1]} raw reads "
        f"(x{reads[0] / reads[1]:.1f}): after its first entry is cleared the block is unfolded and each call reads one",
        f"arm64, 16K folios (no contpte): {small[0]} -> {small[1]} calls for 16 entries, the batch scan makes them",
    )


def _flushes(old: Version, new: Version) -> Claim:
    unfolds, folds = _both(old, new, "block", "unfolds"), _both(old, new, "block", "folds")
    start, end = _both(old, new, "start-mid-block", "unfolds"), _both(old, new, "end-mid-block", "unfolds")
    return Claim(
        '"elide TLBIs on each contig block, and only do them on the starting and ending contig block" (v4)',
        HOLDS if unfolds[1] + folds[1] == 0 and start[1] <= 1 and end[1] <= 1 else NOT,
        f"arm64, a whole block: {unfolds[0] + folds[0]} -> {unfolds[1] + folds[1]} flushes; of pre_patch's, "
        f"{unfolds[0]} unfolds the old range and {folds[0]} folds the new one, which the message does not mention",
        f"a block covered in part: {start[0]} -> {start[1]} at the start, {end[0]} -> {end[1]} at the end, as before",
    )


def _split(old: Version, new: Version) -> Claim:
    batched = _both(old, new, "split-folio", "batched-entries", "x86_64")
    lookups = _both(old, new, "split-folio", "folio-lookups", "x86_64")
    return Claim(
        '"For split folios, there will be no pte batching; nr_ptes will be 1" (v4)',
        HOLDS if batched[1] == 0 else NOT,
        f"16 pages of a split folio, x86_64: {batched[1]} batched entries",
        f"they pay all the same: folio look-ups {lookups[0]} -> {lookups[1]} for 16 entries",
    )


def _page_table_split(old: Version, new: Version) -> Claim:
    x86 = [
        _both(old, new, "folio-2m", count, "x86_64")
        for count in ("primitive-calls", "raw-reads", "exchanges", "stores")
    ]
    calls, reads, exchanges, stores = x86
    same = exchanges[0] == exchanges[1] and stores[0] == stores[1]
    return Claim(
        '"pagetable splitting [...] other arches [...] a minor improvement [...] number of function calls" (v4)',
        IN_PART if calls[1] < calls[0] and same else NOT,
        f"x86_64, 64 pages of a PTE-mapped 2M folio: {calls[0]} -> {calls[1]} calls of primitives, "
        "inline ones included",
        f"entries read {reads[0]} -> {reads[1]}, exchanged {exchanges[0]} -> {exchanges[1]}, "
        f"stored {stores[0]} -> {stores[1]}",
    )


def _lookups(old: Version, new: Version, hint: Version) -> Claim:
    lookups, batched = (
        _both(old, new, "order-0", "folio-lookups", "x86_64"),
        _both(old, new, "order-0", "batched-entries", "x86_64"),
    )
    fixed = measure(hint, WORKLOADS["order-0"], "x86_64")["folio-lookups"]
    return Claim(
        '"No regression is observed for small folios" (v3)',
        NOT if lookups[1] > lookups[0] and not batched[1] else HOLDS,
        f"x86_64, 16 order-0 pages: folio look-ups {lookups[0]} -> {lookups[1]}, {batched[1]} entries batched in "
        "return: each touches a struct page; lkp measured -37 % on stress-ng.bigheap",
        f"since 0b5be138ce00 (v6.17-rc2): {fixed}",
    )
