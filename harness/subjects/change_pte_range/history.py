# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that versions of change_pte_range() are known to have had.

Every kind named here follows from the rules of the machine. `also` is found in every review of the default length,
`may` needs a config or a table that short reviews do not always draw.
"""

from pte_review.harness.known import Bug

# On a shadow stack the wrong pages lose what others gain, and a translation that allows more is not flushed.
RARE = frozenset({"page-table-check", "stale-tlb"})

BUGS = (Bug("as_merged", "head page is asked", "cf1b80dc31a1", "write-gained", may=RARE),)
