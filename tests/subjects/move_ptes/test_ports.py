# SPDX-License-Identifier: GPL-2.0-only
"""What every version of move_ptes() does with each kind of entry (9), and where the versions differ (1.3, 3.1, 7)."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, OLD, arm, move, pages, scenario, swap, x86

FOLIOS = (Folio(0x200, 4), Folio(0x400))
UFFD = Vma(uffd=True)
ENTRYWISE = ("pre_patch", "v4", "refactor_intended", "refactor_clear_new")
RO = "P US NX"
USER = "VALID TYPE USER nG PXN UXN RDONLY"


def moved(version, arch, entry, vma, config=None):
    """The new entry after moving `entry` alone."""
    outcome = move(version, scenario(arch, {0: entry}, folios=FOLIOS, vma=vma, **(config or {})))
    assert (outcome.ended, outcome.returned, outcome.tables[0][0]) == ("returned", 0, 0)  # old slot: 0
    return hex(outcome.tables[1][0])


PRESENT = [  # (arch, entry, moved, moved with need_clear)
    ("x86_64", RO, f"{RO} SD", f"{RO} SD"),
    ("x86_64", f"{RO} RW D A", f"{RO} RW D A SD", f"{RO} RW D A SD"),
    ("x86_64", f"{RO} UFFD_WP", f"{RO} UFFD_WP SD", f"{RO} SD"),  # W not restored
    ("x86_64", f"{RO} SAVED_DIRTY SPECIAL", f"{RO} SAVED_DIRTY SPECIAL SD", f"{RO} SAVED_DIRTY SPECIAL SD"),
    ("x86_64", "PROTNONE UFFD_WP", "PROTNONE UFFD_WP SD", "PROTNONE SD"),
    ("x86_64", "P US PKEY PAT PWT", "P US PKEY PAT PWT SD", "P US PKEY PAT PWT SD"),
    ("arm64", USER, USER, USER),
    ("arm64", f"{USER} WRITE AF UFFD_WP", f"{USER} WRITE AF UFFD_WP", f"{USER} WRITE AF"),
    ("arm64", "TYPE nG PXN UXN RDONLY UFFD_WP", "TYPE nG PXN UXN RDONLY UFFD_WP", "TYPE nG PXN UXN RDONLY"),
    ("arm64", f"{USER} GP PO ATTR DIRTY", f"{USER} GP PO ATTR DIRTY", f"{USER} GP PO ATTR DIRTY"),
]


@pytest.mark.parametrize(("arch", "entry", "plain", "clear"), PRESENT)
@pytest.mark.parametrize("version", ["refactor", *ENTRYWISE])
def test_present(version, arch, entry, plain, clear):
    build = x86 if arch == "x86_64" else arm
    config = {"mem_soft_dirty": arch == "x86_64"}
    for pfn in (0x205, 0x400):  # of a large folio, and of a small one
        assert moved(version, arch, build(entry, pfn), Vma(), config) == hex(build(plain, pfn))
        assert moved(version, arch, build(entry, pfn), UFFD, config) == hex(build(clear, pfn))


@pytest.mark.parametrize("type_", [0, 23, 24, 25, 27, 28, 30])
@pytest.mark.parametrize("flags", ["", "E F"])
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", ENTRYWISE)
def test_not_present(version, arch, type_, flags):
    """All bits kept, soft-dirty set on every kind, F cleared iff need_clear."""
    entry = swap(arch, type_, 0x3_0000_0205, flags)  # a migration entry with A and D
    without_f = swap(arch, type_, 0x3_0000_0205, flags.replace("F", ""))
    assert moved(version, arch, entry, Vma()) == hex(entry)
    assert moved(version, arch, entry, UFFD) == hex(without_f)
    if arch == "x86_64":
        assert moved(version, arch, entry, Vma(), {"mem_soft_dirty": True}) == hex(entry | 2)
        assert moved(version, arch, entry, UFFD, {"mem_soft_dirty": True}) == hex(without_f | 2)


@pytest.mark.parametrize(
    ("marker", "dropped"),
    [(1, True), (2, False), (4, False), (1 | 2, True), (1 | 4, True)],  # 1.3: mixed ones are dropped whole
)
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", ["pre_patch", "v4", "refactor_intended"])
def test_markers(version, arch, marker, dropped):
    entry = swap(arch, 31, marker)
    assert moved(version, arch, entry, Vma()) == hex(entry)
    assert moved(version, arch, entry, UFFD) == hex(0 if dropped else entry)
    config = {"pte_marker_uffd_wp": False}
    assert moved(version, arch, entry, UFFD, config) == hex(entry)


@pytest.mark.parametrize("version", ENTRYWISE)
def test_stray_bits_of_a_none_entry_stay(version):
    outcome = move(version, scenario("x86_64", {0: 0x60}, vma=UFFD))  # 1.1
    assert (outcome.tables[0][0], outcome.tables[1][0]) == (0x60, 0)
    assert "X" not in [event[0] for event in outcome.events]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("version", ["pre_patch", "v4", "refactor_intended"])
def test_overlap_moving_down(version, arch):
    """6.8: the exec stack shift, within one table; no warning and the same result in all versions."""
    entries = pages(arch, 8, 0x200, ["W"] * 16)
    what = scenario(arch, entries, at=(8, 3, 16), new_addr=OLD + 3 * 4096, folios=(Folio(0x200, 4),), debug_vm=True)
    outcome = move(version, what)
    assert outcome.tables[0][:24] == (*[0] * 3, *entries.values(), *[0] * 5)
    assert (outcome.warnings, outcome.violations, outcome.returned) == ((), (), 0)


@pytest.mark.parametrize(
    ("flags", "version", "after"),
    [  # 3.1 on a move: write comes from entry 0, accessed and dirty from any
        (["WDA", ""], "pre_patch", ["WDA", ""]),
        (["WDA", ""], "v4", ["WDA", "WDA"]),
        (["", "WDA"], "pre_patch", ["", "WDA"]),
        (["", "WDA"], "v4", ["DA", "DA"]),
        (["U", ""], "v4", ["U", ""]),  # uffd-wp splits the batch
        (["W", "N"], "v4", ["W", "N"]),
    ],
)
@pytest.mark.parametrize("arch", ARCHES)
def test_two_pages_of_one_folio(arch, flags, version, after):
    outcome = move(version, scenario(arch, pages(arch, 0, 0x200, flags), at=(0, 1, 2), folios=FOLIOS))
    assert outcome.tables[1][1:3] == tuple(pages(arch, 0, 0x200, after).values())


@pytest.mark.parametrize("version", ["pre_patch", "v4"])
def test_only_the_range_moves(version):
    entries = pages("x86_64", 3, 0x203, ["W", "W", "W", "W"])
    outcome = move(version, scenario("x86_64", entries, at=(4, 9, 2), folios=FOLIOS))
    assert {i: pte for i, pte in enumerate(outcome.tables[0]) if pte} == {3: entries[3], 6: entries[6]}
    assert {i: pte for i, pte in enumerate(outcome.tables[1]) if pte} == {9: entries[4], 10: entries[5]}
    assert ("flush_tlb_range", OLD + 4 * 4096, OLD + 6 * 4096) in outcome.events
    assert outcome.stale == ()


@pytest.mark.parametrize(
    ("entries", "vma", "lookups", "batches"),
    [  # 4.1: max_nr of 1 looks up no folio; none or a small folio is no batch
        (["W", "W"], Vma(), 1, 1),
        (["W"], Vma(), 0, 0),
        (["X", "X"], Vma(pfnmap=True), 1, 0),
    ],
)
def test_when_v4_looks_for_a_batch(entries, vma, lookups, batches):
    what = scenario("x86_64", pages("x86_64", 0, 0x200, entries), at=(0, 0, len(entries)), folios=FOLIOS, vma=vma)
    names = [event[0] for event in move("v4", what).events]
    assert (names.count("vm_normal_folio"), names.count("folio_pte_batch")) == (lookups, batches)


@pytest.mark.parametrize("version", ["v4", "refactor"])
def test_the_mm_is_not_going_away(version):
    outcome = move(version, scenario("x86_64", pages("x86_64", 0, 0x200, ["W"]), folios=FOLIOS))
    assert ("get_and_clear_full_ptes", OLD, 512, 1, 0) in outcome.events  # 3: full=0
