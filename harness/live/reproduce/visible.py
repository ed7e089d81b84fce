# SPDX-License-Identifier: GPL-2.0-only
"""The one table of which kinds of divergence userspace can see, and how."""

DATA = "data"  # every page holds what was written to it, markers are there, holes are holes
SOURCE = "source"  # the same; and where the entries were, there is nothing
WITNESS = "witness"  # a child that shares a page does not see what the parent writes to it
NO_FAULT = "no-fault"  # a page that was writable is written without a fault
WP_CLEAR = "wp-clear"  # pagemap bit 57 is gone
WP_SET = "wp-set"  # pagemap bit 57 is there
SOFT_DIRTY = "soft-dirty"  # pagemap bit 55 is there
RECLAIM = "reclaim"  # data survives reclaim
BESIDE = "beside"  # a page next to the ranges is as before

CHECKS = {
    "write-gained": WITNESS,
    "write-lost": NO_FAULT,
    "entry-lost": DATA,
    "entry-left-behind": SOURCE,
    "entry-duplicated": SOURCE,
    "foreign-entry": DATA,
    "wrong-page": DATA,
    "unassigned-read": DATA,
    "dirty-lost": RECLAIM,
    "uffd-wp-kept": WP_CLEAR,
    "uffd-wp-lost": WP_SET,
    "soft-dirty-missing": SOFT_DIRTY,
    "outside-range": BESIDE,
}

# Why userspace cannot see the others.
UNSEEN = {
    "table-overrun": "what lies behind a page table belongs to somebody else, and the kernel may die of it",
    "other-bits": "no file of /proc shows the other bits of an entry",
    "stale-tlb": "a stale translation lasts as long as the TLB keeps it, which no system call tells",
    "page-table-check": "page_table_check writes to the console of a kernel with CONFIG_PAGE_TABLE_CHECK=y",
    "lock-leak": "locks show in the console of a kernel with CONFIG_PROVE_LOCKING=y",
    "primitive-contract": "the contract is between functions of the kernel",
    "no-progress": "the system call does not come back",
    "return-value": "the system call does not hand the value on",
    "crash": "the kernel dies, or it is a port that raised an exception",
    "destination-overwritten": "the system call unmaps the destination first",
    "cont-broken": "no file of /proc shows contpte bits",
    "destination-kept": "the system call unmaps the destination first",
    "cont-on-invalid": "no file of /proc shows contpte bits",
    "dirty-gained": "no file of /proc shows the dirty bit of an entry",
    "young-gained": "no file of /proc shows the accessed bit of an entry",
    "young-lost": "no file of /proc shows the accessed bit of an entry",
    "warning-missing": "a warning goes to the console",
    "warning-extra": "a warning goes to the console",
}
