# SPDX-License-Identifier: GPL-2.0-only
"""Changes of protection by hand, as counterexamples that no version was run for."""

from collections.abc import Callable

from pte_review.harness.explain.reach import reach
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.verdict import At, Divergence
from pte_review.models.change_pte_range.call import UFFD_PROTECT, UFFD_RESOLVE
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma
from tests.kit.build import page, swap
from tests.kit.outcomes import GUARD_MARKER, MARKER, POISONED_MARKER, UFFD_MARKER
from tests.subjects.change_pte_range.calls import READ_ONLY, anon, call

WATCHED = Vma(uffd=True)
UNPOPULATED = Vma(uffd=True, uffd_wp_unpopulated=True)
HEAD = ((0, 1),)  # of a folio's pages, the first is AnonExclusive

CASES: dict[str, tuple[str, Callable[[str], Scenario]]] = {
    "one-page": ("entry-lost", lambda a: call(a, {0: page(a, 0x100, "W")}, [anon(0x100)], protection="r")),
    "head-page": (
        "write-gained",
        lambda a: call(a, {1: page(a, 0x101, "")}, [anon(0x100, 2, exclusive=HEAD)], first=1, nr=1, vma=READ_ONLY),
    ),
    "part-shared": (
        "write-gained",
        lambda a: call(
            a,
            {0: page(a, 0x100, ""), 1: page(a, 0x101, "")},
            [anon(0x100, 2, exclusive=HEAD, shared=((1, 2),))],
            vma=READ_ONLY,
        ),
    ),
    "child-gone": (
        "entry-lost",
        lambda a: call(
            a, {0: page(a, 0x100, ""), 1: page(a, 0x101, "")}, [anon(0x100, 2, exclusive=HEAD)], vma=READ_ONLY
        ),
    ),
    "to-executable": (
        "write-lost",
        lambda a: call(a, {0: page(a, 0x100, "W")}, [anon(0x100)], protection="rwx"),
    ),
    "prot-none": (
        "entry-lost",
        lambda a: call(
            a, {0: page(a, 0x100, "N"), 1: page(a, 0x101, "N")}, [anon(0x100, 2)], vma=Vma(read=False, write=False)
        ),
    ),
    "uffd-protect": (
        "uffd-wp-lost",
        lambda a: call(a, {0: page(a, 0x100, "W")}, [anon(0x100)], vma=WATCHED, caller=UFFD_PROTECT),
    ),
    "uffd-resolve": (
        "uffd-wp-kept",
        lambda a: call(a, {0: page(a, 0x100, "U")}, [anon(0x100)], vma=WATCHED, caller=UFFD_RESOLVE),
    ),
    "uffd-part": (
        "uffd-wp-lost",
        lambda a: call(
            a, {0: page(a, 0x100, "U"), 1: page(a, 0x101, "W")}, [anon(0x100, 2)], vma=WATCHED, caller=UFFD_PROTECT
        ),
    ),
    "uffd-prot-none": (
        "entry-lost",
        lambda a: call(a, {0: page(a, 0x100, "N")}, [anon(0x100, exclusive=[])], vma=WATCHED, caller=UFFD_PROTECT),
    ),
    "uffd-marker": (
        "uffd-wp-kept",
        lambda a: call(a, {0: swap(a, MARKER, UFFD_MARKER)}, vma=UNPOPULATED, caller=UFFD_RESOLVE),
    ),
    "markers": (
        "entry-lost",
        lambda a: call(a, {0: swap(a, MARKER, GUARD_MARKER), 1: swap(a, MARKER, POISONED_MARKER)}, protection="r"),
    ),
    "swap": ("entry-lost", lambda a: call(a, {0: swap(a, 0, 5)}, protection="r")),
}


def case(name: str, arch: str) -> Counterexample:
    kind, build = CASES[name]
    return counterexample(kind, build(arch))


def counterexample(kind: str, s: Scenario) -> Counterexample:
    how = reach(s, CHANGE_PTE_RANGE.words)
    at = At("pte", 0, addr=0)
    found = Divergence(kind, SEVERITY[kind], s.arch, at, "candidate", 1, "port.py does it.", "", how, (), s)
    return Counterexample(CHANGE_PTE_RANGE.name, "before_batching", "port.py", "folio-ad", found)
