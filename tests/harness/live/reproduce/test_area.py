# SPDX-License-Identifier: GPL-2.0-only
"""What of a scenario no system call makes is said, with the slot; what can be made lies where page faults make it."""

from collections.abc import Callable

import pytest

from pte_review.harness.live.reproduce.area import NotBuilt, runs
from pte_review.harness.live.reproduce.layout import area_of
from pte_review.harness.live.reproduce.program import reproducer
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.arch.word import SWP_DEVICE_EXCLUSIVE, SWP_HWPOISON, SWP_MIGRATION_READ
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.actions import action
from tests.kit.build import ARCHES, page, pages, scenario, swap
from tests.kit.outcomes import GUARD_MARKER, MARKER
from tests.kit.reproducible import NOTIFIED, SHARED, contpte, counterexample, entries

FOLIO = (Folio(0x200, 2),)

REFUSED: dict[str, tuple[Callable[[str], Scenario], str]] = {
    "broken rule": (
        lambda a: scenario(a, {0: page(a, 0x200, "W")}, folios=(Folio(0x200),)),
        "the table breaks write-without-exclusive",
    ),
    "actions": (lambda a: entries(a, "W", actions=(action("write", "old 0", "call"),)), "no system call can time"),
    "table": (lambda a: entries(a, "W", ptrs_per_pte=64), "no kernel has page tables of 64 entries"),
    "shadow stack": (
        lambda a: scenario(a, {0: swap(a, MARKER, GUARD_MARKER)}, vma=Vma(droppable=True)),
        "the VMA is a droppable mapping",
    ),
    "hwpoison": (lambda a: scenario(a, {0: swap(a, SWP_HWPOISON, 9)}), "old[0]: no system call makes"),
    "migration": (
        lambda a: scenario(a, {2: swap(a, SWP_MIGRATION_READ, 9)}, at=(1, 0, 2)),
        "old[1]: no system call makes an entry like migration-read",
    ),
    "device": (lambda a: scenario(a, {0: swap(a, SWP_DEVICE_EXCLUSIVE, 9)}), "like device-exclusive"),
    "numa hint": (lambda a: entries(a, "", "N", order=2), "old[1]: NUMA balancing"),
    "shared read-only": (lambda a: entries(a, "", anon=False, vma=SHARED), "old[0]: a page of shared memory"),
    "order 10": (
        lambda a: scenario(a, {0: page(a, 0x400)}, folios=(Folio(0x400, 10),)),
        "old[0]: no page fault makes a folio of order 10",
    ),
    "file system": (
        lambda a: entries(a, "WD", order=2, anon=False, vma=NOTIFIED),
        "old[0]: large folios of files are asked for in shared memory alone",
    ),
    "two places": (
        lambda a: scenario(a, pages(a, 0, 0x201, ["", "", ""]) | pages(a, 6, 0x204, [""]), at=(0, 0, 7), folios=(
            Folio(0x200, 2), Folio(0x204, 2))),
        "page faults make a large folio at a multiple of its size",
    ),
    "one window": (
        lambda a: scenario(a, pages(a, 4, 0x200, [""]) | pages(a, 6, 0x206, [""]), at=(4, 0, 3), folios=(
            Folio(0x200, 2), Folio(0x204, 2))),
        "old[2]: page faults make one large folio in one place",
    ),
}  # fmt: skip


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_no_system_call_makes(name: str, arch: str):
    build, why = REFUSED[name]
    with pytest.raises(NotBuilt) as error:
        area_of(build(arch))
    assert why in str(error.value)


def test_small_blocks_are_no_kernel_s():
    with pytest.raises(NotBuilt, match="contpte blocks of 4 entries"):
        area_of(entries("arm64", "W", cont_ptes=4))


@pytest.mark.parametrize(
    ("kind", "s", "why"),
    [
        ("dirty-lost", entries("x86_64", "WD"), "reclaim writes an anonymous page to swap"),
        ("write-lost", entries("x86_64", "", order=0), "no page of the range could show it"),
        ("write-gained", entries("x86_64", "N", vma=Vma(read=False, write=False)), "the VMA allows no writes"),
        ("uffd-wp-lost", entries("x86_64", "W"), "nothing in the range could show it"),
        ("entry-lost", entries("x86_64", "W", old_maps=False), "a page table goes away meanwhile"),
        ("soft-dirty-missing", entries("x86_64", "W", mem_soft_dirty=True), "clear_refs takes write permission away"),
        ("outside-range", entries("x86_64", "W"), "new[0] is in a range"),
        ("stale-tlb", entries("x86_64", "W"), "userspace cannot see stale-tlb"),
    ],
)
def test_what_userspace_would_not_see(kind: str, s: Scenario, why: str):
    with pytest.raises(NotBuilt) as error:
        reproducer(MOVE_PTES, counterexample(kind, s))
    assert why in str(error.value)


def test_an_entry_next_to_the_ranges_that_the_file_does_not_name():
    with pytest.raises(NotBuilt, match="does not say which entry"):
        reproducer(MOVE_PTES, counterexample("outside-range", entries("x86_64", "W"), at=("", -1)))


def test_a_folio_is_moved_to_a_multiple_of_its_size():
    s = scenario("x86_64", pages("x86_64", 9, 0x200, ["", "", ""]), at=(8, 40, 5), folios=FOLIO)
    area = area_of(s)
    assert (area.start + area.folios[0].first) % 4 == 0
    assert area.shift == 3
    assert area.moved == range(area.first, area.first + 5)
    assert [page.label for page in area.pages] == [f"old[{i}]" for i in range(5)]


def test_contpte_blocks_stay_where_they_are():
    area = area_of(contpte())
    assert (area.start, area.size, area.shift, area.first) == (0, 32, 0, 14)
    assert [page.write for page in area.pages] == [True] * 16 + [False] * 16


def test_the_area_holds_the_whole_folio():
    area = area_of(entries("x86_64", "", "", "-", "+", order=3))
    assert area.size == 8
    assert area.folios[0].pages == (0, 1)


def test_runs():
    assert runs([7, 1, 2, 3, 9, 8]) == [(1, 3), (7, 3)]
    assert runs([]) == []
