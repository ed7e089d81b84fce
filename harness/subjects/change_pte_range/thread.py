# SPDX-License-Identifier: GPL-2.0-only
"""The known verdicts on pairs of the series: its drafts, the merged version, and the versions of later kernels.

before_batching -> batching is left out: shadow stacks show a difference that short reviews seldom draw.
"""

from pte_review.harness.known import Known, Thread
from pte_review.harness.subjects.change_pte_range.history import RARE, SMEARS

BASE = "before_batching"
GAINED, STALE = frozenset({"write-gained"}), frozenset({"stale-tlb"})

KNOWN = (
    Known(BASE, "draft_v1", GAINED, RARE),
    Known(BASE, "draft_v2", GAINED | {"crash"}, RARE),
    Known(BASE, "draft_v3", STALE, RARE | SMEARS),
    Known(BASE, "draft_v4", GAINED | STALE, RARE),
    Known(BASE, "as_merged", GAINED, RARE),
    Known("batching", "v6_19"),
    Known("batching", "small_folios"),
    Known("small_folios", "v7_3"),
)

THREAD = Thread("[PATCH v5 0/7] Optimize mprotect() for large folios", KNOWN)
