# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that versions of change_pte_range() are known to have had, and the one that released kernels have.

Every kind named here follows from the rules of the machine. `also` is found in every review of the default length,
`may` needs a config or a table that short reviews do not always draw.
"""

from itertools import pairwise

from pte_review.harness.known import Bug
from pte_review.harness.known_finding import KnownFinding
from pte_review.models.scenario import Scenario

# On a shadow stack the wrong pages lose what others gain, and a translation that allows more is not flushed.
RARE = frozenset({"page-table-check", "stale-tlb"})
# A batch that ignores write permission gives that of a shadow-stack entry to all its entries, or takes it from them.
SMEARS = frozenset({"write-gained", "write-lost"})

BUGS = (
    Bug("as_merged", "head page is asked", "cf1b80dc31a1", "write-gained", may=RARE),
    # On x86_64 it does not batch. A batch of two contpte blocks is flushed as the first one asks for.
    Bug("draft_v1", "v1: sharers asked", "patch v3", "write-gained", may=RARE, arches=("arm64",)),
    Bug("draft_v2", "v2: sharers asked", "patch v3", "write-gained", frozenset({"crash"}), RARE),
    Bug("draft_v2", "v2: no folio", "patch v3", "crash", frozenset({"write-gained"}), RARE),
    # A batch whose first entry is read-only is not flushed where another one was writable.
    Bug("draft_v3", "v3: mixed write", "patch v5", "stale-tlb", may=RARE | SMEARS),
    Bug("draft_v4", "v4: head page", "cf1b80dc31a1", "write-gained", frozenset({"stale-tlb"}), RARE),
    Bug("draft_v4", "v4: mixed write", "patch v5", "stale-tlb", frozenset({"write-gained"}), RARE),
    Bug("before_swapin_error", "swapin-error entry", "7e3ce3f8d2d2", "uffd-wp-kept", frozenset({"return-value"})),
    Bug("before_swap_pfn_type", "swap offset's page", "3d2f78f08cd8", "primitive-contract"),
    Bug("before_soft_dirty_check", "soft-dirty flipped", "76aefad628aa", "write-gained", arches=("x86_64",)),
    Bug("before_cow_pins", "pinned page hinted", "80d47f5de5e3", "other-bits", frozenset({"return-value"})),
    Bug("before_batched_flush", "reclaim's flush", "3ea277194daa", "stale-tlb"),
    Bug("before_migration_soft_dirty", "migrating pages", "c3d16e16522f", "soft-dirty-missing", arches=("x86_64",)),
)


def mixes_shadow_stack(scenario: Scenario) -> bool:
    """Whether one batch can hold a shadow-stack entry and a read-only one: neighbours of one large folio.

    __pte_batch_clear_ignored() makes entries clean before it looks at write, and Write=0, Dirty=1 is what makes a
    shadow-stack entry writable. What others do can make two entries differ that did not before.
    """
    words, (where,), (table,) = scenario.words, scenario.ranges, scenario.tables
    if not (scenario.vma.shadow_stack and scenario.config.shstk):
        return False
    held = dict(table.entries)
    entries = [held.get(slot, 0) for slot in range(where.first, where.end)]
    return any(
        words.pte_present(pte)
        and words.pte_present(behind)
        and words.pte_pfn(pte) + 1 == words.pte_pfn(behind)
        and (words.pte_write(pte) != words.pte_write(behind) or bool(scenario.actions))
        and scenario.folio_of(words.pte_pfn(pte)) is scenario.folio_of(words.pte_pfn(behind)) is not None
        for pte, behind in pairwise(entries)
    )


KNOWN = (
    KnownFinding(
        "shadow stacks lend write permission, v6.17 to v7.3",
        frozenset({"as_merged", "batching", "v6_19", "small_folios", "v7_3"}),
        RARE | {"write-gained"},
        mixes_shadow_stack,
    ),
)
