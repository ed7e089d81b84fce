# SPDX-License-Identifier: GPL-2.0-only
"""The cost ledger of a run, derived from its event log: one definition of each count, with its unit."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.state import Event

COUNTS = {
    "ptep-get-calls": "calls of ptep_get(), by the loop and by the batch scan",
    "raw-reads": "entries read (READ_ONCE of one PTE), debug configs' own reads left out",
    "exchanges": "atomic exchanges of an entry with none",
    "stores": "entries stored",
    "unfolds": "contpte blocks unfolded, each with a TLB flush",
    "folds": "contpte blocks folded, each with a TLB flush",
    "tlb-flushes": "TLB invalidations: contpte's and the final flush_tlb_range(), or that of an mmu_gather",
    "flushed-pages": "pages of the final flush",
    "folio-lookups": "calls of vm_normal_folio(), each a touch of struct page",
    "batch-scans": "calls of folio_pte_batch() or folio_pte_batch_flags()",
    "batched-entries": "entries handled in a batch of more than one",
    "hint-checks": "calls of pte_batch_hint() by the loop",
    "primitive-calls": "calls of primitives that read, clear or set entries, of any kind",
    "page-table-lock-ops": "page-table locks taken and dropped",
    "rmap-lock-ops": "rmap locks taken and dropped",
    "debug-vm-reads": "entries read by CONFIG_DEBUG_VM checks",
    "page-table-check-reads": "entries read by CONFIG_PAGE_TABLE_CHECK",
}

ENTRY_PRIMITIVES = (
    "ptep_get", "ptep_get_and_clear", "get_and_clear_full_ptes", "pte_clear", "set_pte_at", "set_ptes",
    "folio_pte_batch", "folio_pte_batch_flags", "vm_normal_folio", "pte_batch_hint",
    "ptep_modify_prot_start", "ptep_modify_prot_commit", "modify_prot_start_ptes", "modify_prot_commit_ptes",
)  # fmt: skip
FINAL_FLUSHES = ("flush_tlb_range", "tlb_finish_mmu")
SETS_BATCHES = ("set_ptes", "modify_prot_commit_ptes")
RMAP_LOCKS = ("i_mmap_lock_write", "i_mmap_unlock_write", "anon_vma_lock_write", "anon_vma_unlock_write")


def ledger(events: Sequence[Event]) -> dict[str, int]:
    """Every count of COUNTS for one run."""
    calls = Counter(map(itemgetter(0), events))
    folds = sum(int(event[2]) for event in events if event[0] == "contpte_convert") if calls["contpte_convert"] else 0
    flushed = sum((int(e[2]) - int(e[1])) >> PAGE_SHIFT for e in events if e[0] in FINAL_FLUSHES)
    batched = sum(int(e[-1]) for e in events if e[0] in SETS_BATCHES and int(e[-1]) > 1)
    return {
        "ptep-get-calls": calls["ptep_get"],
        "raw-reads": calls["R"],
        "exchanges": calls["X"],
        "stores": calls["S"],
        "unfolds": calls["contpte_convert"] - folds,
        "folds": folds,
        "tlb-flushes": calls["T"],
        "flushed-pages": flushed,
        "folio-lookups": calls["vm_normal_folio"],
        "batch-scans": calls["folio_pte_batch"] + calls["folio_pte_batch_flags"],
        "batched-entries": batched,
        "hint-checks": calls["pte_batch_hint"],
        "primitive-calls": sum(calls[name] for name in ENTRY_PRIMITIVES),
        "page-table-lock-ops": calls["spin_lock"] + calls["spin_lock_nested"] + calls["spin_unlock"],
        "rmap-lock-ops": sum(calls[name] for name in RMAP_LOCKS),
        "debug-vm-reads": calls["R.debug_vm"],
        "page-table-check-reads": calls["R.page_table_check"],
    }
