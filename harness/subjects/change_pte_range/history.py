# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that versions of change_pte_range() are known to have had.

Every kind named here follows from the rules of the machine. `also` is found in every review of the default length,
`may` needs a config or a table that short reviews do not always draw.
"""

from pte_review.harness.known import Bug

# On a shadow stack the wrong pages lose what others gain, and a translation that allows more is not flushed.
RARE = frozenset({"page-table-check", "stale-tlb"})

BUGS = (
    Bug("as_merged", "head page is asked", "cf1b80dc31a1", "write-gained", may=RARE),
    Bug("draft_v4", "v4: the same", "cf1b80dc31a1", "write-gained", frozenset({"stale-tlb"}), RARE),
    # A batch whose first entry is read-only is not flushed where another one was writable.
    Bug("draft_v4", "v4: mixed write", "patch v5", "stale-tlb", frozenset({"write-gained"}), RARE),
    Bug("before_soft_dirty_check", "soft-dirty flipped", "76aefad628aa", "write-gained", arches=("x86_64",)),
    Bug("before_swapin_error", "swapin-error entry", "7e3ce3f8d2d2", "uffd-wp-kept", frozenset({"return-value"})),
    Bug("before_migration_soft_dirty", "migrating pages", "c3d16e16522f", "soft-dirty-missing", arches=("x86_64",)),
)
