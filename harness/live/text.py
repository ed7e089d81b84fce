# SPDX-License-Identifier: GPL-2.0-only
"""Text about kernels and boots for people."""

from collections.abc import Sequence

from pte_review.harness.live.boot import OF_SIGNAL, Booted
from pte_review.harness.live.kernels import KernelImage
from pte_review.harness.live.packages import KernelPackage, version_key
from pte_review.models.arch import ARCHES


def booted_line(kernel: KernelImage, booted: Booted) -> str:
    """How a program ended, on what, and how long it took."""
    status = booted.status or 0
    how = f"signal {status - OF_SIGNAL}" if status > OF_SIGNAL else f"exit status {status}"
    times = f"{booted.userspace:.1f} s to the program, {booted.seconds:.1f} s in all"
    return f"{kernel.release} ({kernel.arch}, {booted.accelerator}): {how}; {times}"


def kernels_table(there: Sequence[KernelPackage], here: Sequence[KernelPackage]) -> str:
    """A line a release: whether the archive has an image for each architecture, or the cache folder."""
    rows: dict[str, dict[str, str]] = {}
    for word, packages in (("archive", there), ("cached", here)):
        for package in packages:
            rows.setdefault(package.version, {})[package.arch] = word
    lines = [("release", *ARCHES)]
    lines += [
        (version, *(rows[version].get(arch, "-") for arch in ARCHES)) for version in sorted(rows, key=version_key)
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)
