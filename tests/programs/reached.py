# SPDX-License-Identifier: GPL-2.0-only
"""`make reached`: the states that recipes of reach lines name, made on kernels. Reports read the table that is written.

Kernels on the command line (6.17.13 7.3.4) replace the usual ones. A state counts as reached where the program that
was made for it found it by pagemap, kpageflags and faults.
"""

import re
import sys
from collections.abc import Iterable, Sequence

from pte_review.harness.explain.reach import recipes
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, on_kernel
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.build import ARCHES
from tests.kit.reproducible import case
from tests.kit.trees import ROOT

KERNELS = ("6.17.13", "7.3.4")
TABLE = ROOT / "harness" / "subjects" / "move_ptes" / "reached.py"
WIDTH = 120  # of a line of the table, as ruff formats it
# By recipe: the case of tests/kit/reproducible.py that has it, and whether its pages get write permission by a write.
STATES = {
    "map, touch, mremap": ("wrong-page", False),
    "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, mremap": ("write-gained", False),
    "or all of it, the child gone, one page written (v6.15)": ("write-lost", True),
    "mprotect(PROT_NONE) or NUMA balancing": ("entry-lost-prot-none", False),
    "UFFDIO_WRITEPROTECT of a part": ("uffd-wp-kept", False),
    "UFFDIO_WRITEPROTECT of unpopulated memory": ("entry-lost-uffd-marker", False),
    "UFFDIO_POISON or MADV_GUARD_INSTALL": ("entry-lost-markers", False),
    "swap-out": ("entry-lost", False),
    "userfaultfd without UFFD_FEATURE_EVENT_REMAP": ("uffd-wp-kept-swap", False),
}
HEAD = '''# SPDX-License-Identifier: GPL-2.0-only
"""On which kernels the recipes of reach lines made their states. Written by tests/programs/reached.py."""

REACHED = {
'''


def text_of(recipe: str, arch: str) -> str:
    """The program for the state of a recipe."""
    name, reuses = STATES[recipe]
    counterexample = case(name, arch)
    scenario = counterexample.divergence.scenario
    assert recipe in recipes(scenario, MOVE_PTES.words), (recipe, name)
    return reproducer(MOVE_PTES, counterexample, reuses=reuses)


def phrase(reached: Iterable[tuple[str, str]]) -> str:
    """(release, architecture) pairs as `6.17.13 and 7.3.4, arm64 and x86_64`."""
    by_arch: dict[str, list[str]] = {}
    for release, arch in sorted(reached, key=lambda pair: (pair[1], [int(n) for n in pair[0].split(".")])):
        by_arch.setdefault(arch, []).append(release)
    if len({tuple(releases) for releases in by_arch.values()}) == 1:
        return f"{' and '.join(next(iter(by_arch.values())))}, {' and '.join(by_arch)}"
    return "; ".join(f"{' and '.join(releases)}, {arch}" for arch, releases in by_arch.items())


def table(reached: dict[str, set[tuple[str, str]]]) -> str:
    """The text of the module that reports read."""
    lines = []
    for recipe in STATES:
        if reached[recipe]:
            kernels = phrase(reached[recipe])
            line = f'    "{recipe}": "{kernels}",'
            lines.append(line if len(line) <= WIDTH else f'    "{recipe}": (\n        "{kernels}"\n    ),')
    return HEAD + "\n".join(lines) + "\n}\n"


def main(names: Sequence[str]) -> int:
    reached: dict[str, set[tuple[str, str]]] = {recipe: set() for recipe in STATES}
    for name in names or KERNELS:
        for arch in ARCHES:
            try:
                kernel = kernel_of(name, arch)
            except LiveError as error:
                print(error, flush=True)
                continue
            release = re.match(r"[\d.]*\d", kernel.release)
            for recipe in STATES:
                answer = on_kernel(kernel, text_of(recipe, arch))
                print(f"{answer.line}: {recipe}", flush=True)
                if answer.status in (PASS, FAIL) and release:
                    reached[recipe].add((release[0], arch))
    TABLE.write_text(table(reached), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
