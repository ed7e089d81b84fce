# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios by hand for every kind that userspace can see, as counterexamples that no version was run for."""

from collections.abc import Callable
from typing import Any

from pte_review.harness.explain.reach import reach
from pte_review.harness.files.counterexample import Counterexample
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import At, Divergence
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, scenario, swap
from tests.kit.outcomes import CLEARS, GUARD_MARKER, KEEPS, MARKER, POISONED_MARKER, UFFD_MARKER

SHARED = Vma(vm_file=True, anon_vma=False)
NOTIFIED = Vma(vm_file=True, anon_vma=False, writenotify=True)
WATCHED_SHARED = Vma(vm_file=True, anon_vma=False, uffd=True, uffd_event_remap=True)
PRIVATE_FILE = Vma(vm_file=True)
NO_ACCESS = Vma(read=False, write=False)
READ_ONLY = Vma(write=False)
LARGE, SMALL = 0x200, 0x400  # PFNs: of the large folio, and of page 0 of those that are folios of their own
MARKERS = {"guard": GUARD_MARKER, "poison": POISONED_MARKER, "wp": UFFD_MARKER}


def entries(arch: str, *slots: str, order: int = 0, anon: bool = True, **options: Any) -> Scenario:
    """A move of these slots.

    A slot is the flags of a page, `+` before them where it is a folio of its own in spite of `order`; or `-` for none,
    `swap`, `swap F`, `guard`, `poison`, `wp`, `zero`. `file` before the flags makes it a page of a file.
    """
    table: dict[int, int] = {}
    folios: list[Folio] = []
    writable: set[int] = set()
    for at, slot in enumerate(slots):
        if slot in MARKERS:
            table[at] = swap(arch, MARKER, MARKERS[slot])
        elif slot.startswith("swap"):
            table[at] = swap(arch, 0, at + 1, slot.removeprefix("swap").strip())
        elif slot == "zero":
            table[at] = page(arch, 1, "X")
        elif order and slot != "-" and not slot.startswith("+"):
            table[at] = page(arch, LARGE + at, slot)
            writable |= {at} if "W" in slot else set()
        elif slot != "-":
            flags = slot.removeprefix("+").removeprefix("file")
            of_anon = anon and "file" not in slot
            table[at] = page(arch, SMALL + at, flags)
            folios.append(Folio(SMALL + at, 0, of_anon, ((0, 1),) if "W" in flags and of_anon else ()))
    if order:
        exclusive = tuple((at, at + 1) for at in sorted(writable)) if anon else ()
        folios.insert(0, Folio(LARGE, order, anon, exclusive))
    options.setdefault("at", (0, 0, len(slots)))
    return scenario(arch, table, folios=tuple(folios), **options)


CASES: dict[str, tuple[str, Callable[[str], Scenario]]] = {
    "write-gained": ("write-gained", lambda a: entries(a, "W", "", order=2)),
    "write-gained-alone": ("write-gained", lambda a: entries(a, "")),
    "write-gained-64K": ("write-gained", lambda a: entries(a, *["W"] * 3, *[""] * 13, order=4)),
    "write-gained-soft-dirty": ("write-gained", lambda a: entries(a, "", mem_soft_dirty=True)),
    "write-gained-file": ("write-gained", lambda a: entries(a, "", anon=False, vma=NOTIFIED)),
    "write-gained-private-file": ("write-gained", lambda a: entries(a, "file", "W", vma=PRIVATE_FILE)),
    "write-lost": ("write-lost", lambda a: entries(a, "", "W", order=2)),
    "write-lost-all-writable": ("write-lost", lambda a: entries(a, "W", "W", order=2)),
    "write-lost-uffd": ("write-lost", lambda a: entries(a, "U", "W", order=2, vma=KEEPS)),
    "entry-lost": ("entry-lost", lambda a: entries(a, "", "", "swap", "+", "-", order=2)),
    "entry-lost-markers": ("entry-lost", lambda a: entries(a, "guard", "-", "poison", "W")),
    "entry-lost-uffd-marker": ("entry-lost", lambda a: entries(a, "wp", "-", vma=KEEPS)),
    "entry-lost-prot-none": ("entry-lost", lambda a: entries(a, "N", "N", order=2, vma=NO_ACCESS)),
    "entry-lost-read-only": ("entry-lost", lambda a: entries(a, "", "", order=2, vma=READ_ONLY)),
    "entry-lost-one-table": (
        "entry-lost",
        lambda a: entries(a, *"---W-----W", at=(3, 5, 1), new_addr=0x4000_5000),
    ),
    "entry-lost-shmem-folio": ("entry-lost", lambda a: entries(a, *"WWWW", order=2, anon=False, vma=SHARED)),
    "entry-lost-file": ("entry-lost", lambda a: entries(a, "", "WD", anon=False, vma=NOTIFIED)),
    "entry-lost-uffd-shmem": ("entry-lost", lambda a: entries(a, "U", "W", anon=False, vma=WATCHED_SHARED)),
    "entry-lost-private-file": ("entry-lost", lambda a: entries(a, "file", "W", "", "-", vma=PRIVATE_FILE)),
    "entry-lost-zero-page": ("entry-lost", lambda a: entries(a, "zero", "W")),
    "entry-left-behind": ("entry-left-behind", lambda a: entries(a, "wp", vma=CLEARS)),
    "entry-duplicated": ("entry-duplicated", lambda a: entries(a, "swap")),
    "foreign-entry": ("foreign-entry", lambda a: entries(a, "W", "W")),
    "wrong-page": ("wrong-page", lambda a: entries(a, "-", "W", "-")),
    "unassigned-read": ("unassigned-read", lambda a: entries(a, "swap")),
    "dirty-lost": ("dirty-lost", lambda a: entries(a, "WD", anon=False, vma=SHARED)),
    "uffd-wp-kept": ("uffd-wp-kept", lambda a: entries(a, "U", "", order=2, vma=CLEARS)),
    "uffd-wp-kept-swap": ("uffd-wp-kept", lambda a: entries(a, "swap F", vma=CLEARS)),
    "uffd-wp-lost": ("uffd-wp-lost", lambda a: entries(a, "U", "swap F", "wp", vma=KEEPS)),
    "uffd-wp-lost-shmem": ("uffd-wp-lost", lambda a: entries(a, "U", "-", "wp", anon=False, vma=WATCHED_SHARED)),
    "soft-dirty-missing": ("soft-dirty-missing", lambda a: entries(a, "", "WS", "swap", mem_soft_dirty=True)),
    "outside-range": ("outside-range", lambda a: entries(a, "", "", "swap", order=2)),
}
ON_X86 = ("soft-dirty-missing", "write-gained-soft-dirty")  # arm64 has no soft-dirty bit here
ENTRIES = {"outside-range": ("new", 3)}  # what the divergence is at, where that matters


def all_cases() -> list[tuple[str, str]]:
    """(name, architecture) of each case."""
    return [(name, arch) for name in CASES for arch in ARCHES if arch == "x86_64" or name not in ON_X86]


def case(name: str, arch: str) -> Counterexample:
    kind, build = CASES[name]
    return counterexample(kind, build(arch), at=ENTRIES.get(name, ("new", 0)))


def counterexample(
    kind: str, s: Scenario, *, at: tuple[str, int] = ("new", 0), name: str = "port.py"
) -> Counterexample:
    """A file that says that a version called `name` shows `kind` on `s`."""
    where = At(*at, addr=0)
    how = reach(s, MOVE_PTES.words)
    found = Divergence(kind, SEVERITY[kind], s.arch, where, "candidate", 1, f"{name} does it.", "", how, (), s)
    return Counterexample(MOVE_PTES.name, "pre_patch", name, "folio-ad", found)


def contpte(arch: str = "arm64", first: str = "W", second: str = "") -> Scenario:
    """Two contpte blocks of one folio, the range from the one into the other."""
    return entries(arch, *[f"C{first}"] * 16, *[f"C{second}"] * 16, order=5, at=(14, 0, 3))
