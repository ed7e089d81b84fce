# SPDX-License-Identifier: GPL-2.0-only
"""The review of the thread of v4: which pairs, and which verdict each is known to have.

Every kind named here follows from the rules of the machine; docs/findings.md says why.
"""

from pte_review.harness.known import Known, Thread

OCCUPIED = "destination-occupied"

SMEAR = frozenset({"write-gained", "write-lost"})
SMEAR_RARE = frozenset({"page-table-check", "cont-on-invalid"})
UNASSIGNED = frozenset({"unassigned-read", "foreign-entry", "entry-lost"})
# The refactor installs the entry of an earlier pass once more: where somebody cleans one of the two, the other is left.
CLEANED_ONCE = frozenset({"dirty-gained", "write-gained"})

KNOWN = (
    Known("pre_patch", "v4", SMEAR, SMEAR_RARE),
    Known("pre_patch", "refactor", SMEAR | UNASSIGNED, SMEAR_RARE | {"dirty-gained"}),
    Known("pre_patch", "refactor_intended", SMEAR, SMEAR_RARE),
    Known("pre_patch", "refactor_clear_new", SMEAR | {"entry-left-behind"}, SMEAR_RARE),
    Known("pre_patch", "refactor_keep_old", SMEAR | {"entry-duplicated"}, SMEAR_RARE),
    Known("v4", "refactor", UNASSIGNED, CLEANED_ONCE | {"page-table-check"}),
    Known("v4", "refactor_intended"),
    Known("v4", "refactor_clear_new", frozenset({"entry-left-behind"})),
    Known("v4", "refactor_keep_old", frozenset({"entry-duplicated"})),
    # The dispute, where the destination holds something: what pte_clear(new) was for. pte_clear() does not flush
    # the TLB, so v4 itself leaves a stale translation of what it cleared there.
    Known("v4", "refactor_intended", frozenset({"destination-kept"}), frozenset({"stale-tlb"}), OCCUPIED),
    Known("v4", "refactor_clear_new", frozenset({"entry-left-behind"}), frozenset(), OCCUPIED),
    Known(
        "v4", "refactor_keep_old",
        frozenset({"entry-duplicated", "destination-kept"}), frozenset({"stale-tlb"}), OCCUPIED,
    ),
)  # fmt: skip

THREAD = Thread("[PATCH v4 2/2] mm: Optimize mremap() by PTE batching", KNOWN)
