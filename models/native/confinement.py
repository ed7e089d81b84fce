# SPDX-License-Identifier: GPL-2.0-only
"""What confines a child that runs C nobody vouches for, where the running kernel refuses a part of it."""

import os

from pte_review.models.kernel_tree.errors import TreeError

# The bits that a child answers with: the enum of confine.h.
PARTS = {1: "resource limits", 2: "no_new_privs", 4: "a seccomp filter", 8: "Landlock"}
# Without Landlock the filter alone keeps files from being opened.
DISPENSABLE = 8
TRUST = "PTE_REVIEW_TRUST"  # in the environment, so that pool workers have it too


class Unconfined(TreeError):
    """The running kernel refuses a part of the confinement, and the text is not trusted."""


def trust() -> None:
    """From here on, run C also where it cannot be confined."""
    os.environ[TRUST] = "1"


def is_trusted() -> bool:
    """Whether trust() was called, here or in the process that started this one."""
    return os.environ.get(TRUST) == "1"


def names_of(lacking: int) -> str:
    """The parts in `lacking`, a sum of bits of PARTS, as a list in words."""
    return ", ".join(name for bit, name in PARTS.items() if lacking & bit)


def check(lacking: int) -> None:
    """Raise Unconfined if what is `lacking` cannot be dispensed with and nobody trusts the text."""
    if lacking & ~DISPENSABLE and not is_trusted():
        raise Unconfined(
            f"the C cannot be confined: this kernel refuses {names_of(lacking)}; --trust runs it all the same, with "
            "your rights"
        )
