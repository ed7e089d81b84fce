# SPDX-License-Identifier: GPL-2.0-only
"""The kernels on which the recipes of `reach:` lines reached their states. Written by tests/programs/reached.py."""

REACHED = {
    "map, touch, mprotect": "6.17.13 and 7.3.4, arm64 and x86_64",
    "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, mprotect": (
        "6.17.13 and 7.3.4, arm64 and x86_64"
    ),
    "a large folio shared, the child gone, one page written (v6.15), mprotect": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT, then without the mode": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT of a part": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_WRITEPROTECT of unpopulated memory": "6.17.13 and 7.3.4, arm64 and x86_64",
    "UFFDIO_POISON or MADV_GUARD_INSTALL": "6.17.13 and 7.3.4, arm64 and x86_64",
    "swap-out": "6.17.13 and 7.3.4, arm64 and x86_64",
}
