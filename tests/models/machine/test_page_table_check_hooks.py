# SPDX-License-Identifier: GPL-2.0-only
"""Which primitives tell page_table_check, what it reads, and that a move leaves its counters as they were (7)."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, kernel, move, n, o, page, pages, scenario, swap, trace

ANON, FILE, SHARED = Folio(0x200, 5), Folio(0x300, 4, anon=False), Folio(0x400, 2, shared=((0, 2),))
FOLIOS = (ANON, FILE, SHARED)


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


def checked(arch, old=None, new=None, **options):
    return kernel(arch, old, new, folios=FOLIOS, page_table_check=True, **options)


def counts(k):
    return {pfn: tuple(count) for pfn, count in k.map_counts.items() if any(count)}


def test_set_clears_what_was_there_and_reads_each_target(arch):
    k = checked(arch, {}, {0: page(arch, 0x200), 1: page(arch, 0x201)}, contpte=False)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page(arch, 0x300), 2)
    assert trace(k) == "Rp n0-1, S n0-1"  # before the stores
    assert counts(k) == {0x300: (0, 1), 0x301: (0, 1)}


def test_its_reads_are_ptep_get():
    k = checked("arm64", {}, pages("arm64", 0, 0x200, ["C"] * 16))
    k.set_ptes(1, 0x8000_0000, n(k, 0), page("arm64", 0x300), 2)
    assert trace(k).startswith("Rp n0, Rp n0-15, Rp n1, Rp n0-15, S")


def test_a_convert_reads_the_block_again():
    k = checked("arm64", pages("arm64", 0, 0x200, ["C"] * 16))
    k.pte_clear(1, 0x4000_0000, o(k, 0))
    assert trace(k) == "R o0, X o0-15, T o0-15, Rp o0-15, S o0-15, S o0"  # 5.2


def test_pte_clear_has_no_hook(arch):
    k = checked(arch, {0: page(arch, 0x200)})
    k.pte_clear(1, 0x4000_0000, o(k, 0))
    assert counts(k) == {0x200: (1, 0)}


def test_off_by_default(arch):
    k = kernel(arch, {0: page(arch, 0x200)}, folios=FOLIOS)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page(arch, 0x400, "WU"), 2)
    assert (k.map_counts, k.bugs, k.warnings) == ({}, [], [])


@pytest.mark.parametrize("version", ["pre_patch", "v4", "refactor_intended"])
@pytest.mark.parametrize("to", [0, 1])
def test_counters_balance_over_a_move(arch, version, to):
    entries = pages(arch, 0, 0x200, ["WDC"] * 16 + [""] * 16) | pages(arch, 32, 0x300, ["W"] * 8)
    entries |= {40: swap(arch, 27, 0x500), 41: page(arch, 0x400), 42: page(arch, 0x310, "N")}
    entries |= {43: swap(arch, 31, 1), 44: page(arch, 1, "X")}
    outcome = move(
        version,
        scenario(arch, entries, at=(0, to, 48), folios=FOLIOS, page_table_check=True, vma=Vma(uffd=True)),
    )
    anon = [(0x200 + i, 1, 0) for i in range(32)]
    file = [(0x300 + i, 0, 1) for i in range(8)]
    assert outcome.map_counts == (*anon, *file, (0x400, 2, 0))  # 0x400 is mapped elsewhere too
    assert outcome.bugs == ()


@pytest.mark.parametrize(("version", "left"), [("pre_patch", True), ("v4", True), ("refactor_intended", False)])
def test_a_page_in_the_new_slot_of_a_dropped_marker(arch, version, left):
    """(a) and (b) pte_clear() it behind page_table_check's back, (c) does not touch it."""
    what = scenario(
        arch,
        {0: swap(arch, 31, 1)},
        {0: page(arch, 0x200)},
        folios=FOLIOS,
        page_table_check=True,
        vma=Vma(uffd=True),
    )
    outcome = move(version, what)
    assert outcome.tables[1][0] == (0 if left else page(arch, 0x200))
    assert outcome.map_counts == ((0x200, 1, 0),)
