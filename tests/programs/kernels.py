# SPDX-License-Identifier: GPL-2.0-only
"""`make kernels`: the kernels that tests boot, from Debian's archive, into the user's cache folder.

Releases on the command line choose: 6.17.8 7.3. What can no longer be had is said and skipped.
"""

import sys

from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.models.arch import ARCHES

# 6.17.8 has the bug that 04d1c9d60c6e fixes, 6.17.13 has the fix.
RELEASES = ("6.12", "6.17.8", "6.17.13", "6.18", "7.3")


def main(chosen: list[str]) -> int:
    """Bring the kernels of every architecture."""
    for release in chosen or RELEASES:
        for arch in ARCHES:
            try:
                kernel = kernel_of(release, arch)
                print(f"{release}: {kernel.release}: {kernel.image}", flush=True)
            except LiveError as error:
                print(f"{release}: skipped: {error}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
