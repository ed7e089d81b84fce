# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that tests boot: those that `make kernels` has put into the user's cache folder."""

import pytest

from pte_review.harness.live import qemu
from pte_review.harness.live.archive import cached, kept_folder
from pte_review.harness.live.build import cross_compiler
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import KernelImage, kernel_of
from pte_review.harness.live.packages import choose

KERNELS = kept_folder()  # read before the session has a cache folder of its own


def live_kernel(release: str, arch: str) -> KernelImage:
    """The kernel of that release; skips the test where it cannot be booted here."""
    package = choose(cached(KERNELS), release, arch)
    if package is None:
        pytest.skip(f"no kernel {release} of {arch} in {KERNELS}: run `make kernels`")
    try:
        qemu.program(arch)
        cross_compiler(arch)
    except LiveError as error:
        pytest.skip(str(error))
    return kernel_of(str(KERNELS / package.release / "vmlinuz"), arch)
