# SPDX-License-Identifier: GPL-2.0-only
"""The kernels on which the recipes of `reach:` lines reached their states. Written by tests/programs/reached.py."""

REACHED = {
    "map, touch, mremap": "6.17.13 and 7.3.4, arm64 and x86_64",
    "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, mremap": (
        "6.17.13 and 7.3.4, arm64 and x86_64"
    ),
    "or all of it, the child gone, one page written (v6.15)": "6.17.13 and 7.3.4, arm64 and x86_64",
    "mprotect(PROT_NONE) or NUMA balancing": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT of a part": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT of unpopulated memory": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_POISON or MADV_GUARD_INSTALL": "6.17.13 and 7.3.4, arm64 and x86_64",
    "swap-out": "6.17.13 and 7.3.4, arm64 and x86_64",
    "userfaultfd without UFFD_FEATURE_EVENT_REMAP": "6.17.13 and 7.3.4, arm64 and x86_64",
}
