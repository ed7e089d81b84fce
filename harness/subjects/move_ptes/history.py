# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that versions of move_ptes() are known to have had.

Every kind named here follows from the rules of the machine. `also` is found in every review of the default length,
`may` needs a config or a table that short reviews do not always draw.
"""

from pte_review.harness.known import Bug
from pte_review.harness.subjects.move_ptes.thread import OCCUPIED, SMEAR, SMEAR_RARE, UNASSIGNED

# v2 moves a swap entry or marker as if it were the last batch over again, with whatever stands behind it.
STALE_NR = frozenset({"entry-lost", "wrong-page", "primitive-contract", "outside-range"})
STALE_NR_RARE = frozenset(
    {"lock-leak", "foreign-entry", "other-bits", "table-overrun", "stale-tlb", "uffd-wp-kept", "uffd-wp-lost"}
)

STALE, LOST = frozenset({"stale-tlb"}), frozenset({"dirty-lost"})

BUGS = (
    # The lost writes take three actions of two CPUs, which some scenarios have.
    Bug("before_dirty_flush", "flush under no lock", "5d1904204c99", "stale-tlb", LOST),
    Bug("before_dirty_flush", "the write it loses", "5d1904204c99", "dirty-lost", STALE),
    Bug("before_dirty_recheck", "dirty asked early", "in v4.9", "dirty-lost", STALE),
    Bug("before_flush_under_ptl", "flush after new PTL", "eb66ae030829", "stale-tlb"),
    Bug("before_uffd_wp_clear", "uffd-wp moves along", "0cef0bb836e3", "uffd-wp-kept"),
    # v1 makes batches of contpte entries alone; the warning needs CONFIG_DEBUG_VM.
    Bug("v1_stride", "v1: steps by one", "patch v2", "warning-extra", SMEAR, SMEAR_RARE, arches=("arm64",)),
    Bug("v2_stale_nr", "v2: stale nr", "patch v3", "entry-left-behind", SMEAR | STALE_NR, SMEAR_RARE | STALE_NR_RARE),
    Bug("v4", "v4: write bit smear", "04d1c9d60c6e", "write-gained", SMEAR, SMEAR_RARE),
    # 0b5be138ce00: x86_64 has no batches any more; on arm64 one begins in a contpte block and has to reach out of it.
    Bug(
        "v4_batch_hint", "the same in v6.17", "04d1c9d60c6e", "write-gained",
        may=SMEAR_RARE | {"write-lost"}, arches=("arm64",),
    ),
    Bug(
        "refactor", "refactor: pte unset", "not merged", "unassigned-read",
        SMEAR | UNASSIGNED, SMEAR_RARE | {"dirty-gained"},
    ),
    Bug("refactor_clear_new", "dispute: clears new", "not merged", "entry-left-behind", base="v4"),
    Bug("refactor_keep_old", "dispute: keeps old", "not merged", "entry-duplicated", base="v4"),
    Bug(
        "refactor_intended", "new entry is kept", "not merged", "destination-kept",
        may=frozenset({"stale-tlb"}), base="v4", hostile=OCCUPIED,
    ),
)  # fmt: skip
