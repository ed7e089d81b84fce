# SPDX-License-Identifier: GPL-2.0-only
"""What this machine has of what reproducers ask for."""

import os
from pathlib import Path

import pytest

from pte_review.harness.live.build import cross_compiler
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import host_arch
from pte_review.harness.live.reproduce.run import SKIP, Answer

ARCH = host_arch() or "x86_64"
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="reproducers read /proc/kpageflags, which is root's")


def compiler_of(arch: str) -> list[str]:
    """The command that compiles for `arch`; the test is skipped where there is none."""
    try:
        return cross_compiler(arch)
    except LiveError as error:
        pytest.skip(str(error))


def swap_is_on() -> bool:
    return len(Path("/proc/swaps").read_text(encoding="ascii").splitlines()) > 1


def skip_without_state(answer: Answer) -> None:
    """Skip the test where this machine cannot be brought into the state."""
    if answer.status == SKIP:
        pytest.skip(answer.line)
