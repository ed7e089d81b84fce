# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler the C of this run goes through: some tests are about gcc's messages, extensions and options."""

import subprocess

import pytest

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.build import compiler


def is_gcc() -> bool:
    """Whether the compiler of kernel text is gcc; False where there is none."""
    try:
        command = [*compiler(), "--version"]
    except TreeError:  # the tests themselves say so
        return False
    return "clang" not in subprocess.run(command, capture_output=True, text=True, check=False).stdout


needs_gcc = pytest.mark.skipif(not is_gcc(), reason="gcc's messages, extensions and -ftrivial-auto-var-init=zero")
