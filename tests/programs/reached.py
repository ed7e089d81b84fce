# SPDX-License-Identifier: GPL-2.0-only
"""`make reached`: the states that recipes of reach lines name, made on kernels. Reports read the tables that it writes.

Kernels on the command line (6.17.13 7.3.4) replace the usual ones; the name of a function chooses its states. A state
counts as reached where the program that was made for it found it by pagemap, kpageflags and faults.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.explain.reach import recipes
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.kernels import kernel_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.live.reproduce.run import FAIL, PASS, on_kernel
from pte_review.harness.subject import Subject
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit import reproducible, reproducible_changes
from tests.kit.build import ARCHES
from tests.kit.trees import ROOT

KERNELS = ("6.17.13", "7.3.4")
WIDTH = 120  # of a line of the table, as ruff formats it


@dataclass(frozen=True)
class States:
    """The states of one function: by recipe the case that has it, and whether a write gives pages write permission."""

    subject: Subject
    case: Callable[[str, str], Counterexample]
    of_recipes: Mapping[str, tuple[str, bool]]

    @property
    def table(self) -> Path:
        return ROOT / "harness" / "subjects" / self.subject.name / "reached.py"

    def text_of(self, recipe: str, arch: str) -> str:
        """The program for the state of a recipe."""
        name, reuses = self.of_recipes[recipe]
        counterexample = self.case(name, arch)
        assert recipe in recipes(counterexample.divergence.scenario, self.subject.words), (recipe, name)
        return reproducer(self.subject, counterexample, reuses=reuses)


OF_MOVES = {
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
OF_CHANGES = {
    "map, touch, mprotect": ("one-page", False),
    "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, mprotect": ("part-shared", False),
    "a large folio shared, the child gone, one page written (v6.15), mprotect": ("child-gone", True),
    "UFFDIO_WRITEPROTECT": ("uffd-protect", False),
    "UFFDIO_WRITEPROTECT, then without the mode": ("uffd-resolve", False),
    "UFFDIO_WRITEPROTECT of a part": ("uffd-part", False),
    "UFFDIO_WRITEPROTECT of unpopulated memory": ("uffd-marker", False),
    "UFFDIO_POISON or MADV_GUARD_INSTALL": ("markers", False),
    "swap-out": ("swap", False),
}
ALL = (
    States(MOVE_PTES, reproducible.case, OF_MOVES),
    States(CHANGE_PTE_RANGE, reproducible_changes.case, OF_CHANGES),
)
HEAD = '''# SPDX-License-Identifier: GPL-2.0-only
"""The kernels on which the recipes of `reach:` lines reached their states. Written by tests/programs/reached.py."""

REACHED = {
'''


def phrase(reached: Iterable[tuple[str, str]]) -> str:
    """(release, architecture) pairs as `6.17.13 and 7.3.4, arm64 and x86_64`."""
    by_arch: dict[str, list[str]] = {}
    for release, arch in sorted(reached, key=lambda pair: (pair[1], [int(n) for n in pair[0].split(".")])):
        by_arch.setdefault(arch, []).append(release)
    if len({tuple(releases) for releases in by_arch.values()}) == 1:
        return f"{' and '.join(next(iter(by_arch.values())))}, {' and '.join(by_arch)}"
    return "; ".join(f"{' and '.join(releases)}, {arch}" for arch, releases in by_arch.items())


def table(states: States, reached: Mapping[str, set[tuple[str, str]]]) -> str:
    """The text of the module that reports read."""
    lines = []
    for recipe in states.of_recipes:
        if reached[recipe]:
            kernels = phrase(reached[recipe])
            line = f'    "{recipe}": "{kernels}",'
            lines.append(line if len(line) <= WIDTH else f'    "{recipe}": (\n        "{kernels}"\n    ),')
    return HEAD + "\n".join(lines) + "\n}\n"


def make(states: States, names: Sequence[str]) -> dict[str, set[tuple[str, str]]]:
    """On which kernels each state was reached."""
    reached: dict[str, set[tuple[str, str]]] = {recipe: set() for recipe in states.of_recipes}
    for name in names:
        for arch in ARCHES:
            try:
                kernel = kernel_of(name, arch)
            except LiveError as error:
                print(error, flush=True)
                continue
            release = re.match(r"[\d.]*\d", kernel.release)
            for recipe in states.of_recipes:
                answer = on_kernel(kernel, states.text_of(recipe, arch))
                print(f"{answer.line}: {recipe}", flush=True)
                if answer.status in (PASS, FAIL) and release:
                    reached[recipe].add((release[0], arch))
    return reached


def main(words: Sequence[str]) -> int:
    functions = {states.subject.name for states in ALL}
    names = [word for word in words if word not in functions]
    for states in ALL:
        if states.subject.name in words or not functions & {*words}:
            states.table.write_text(table(states, make(states, names or KERNELS)), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
