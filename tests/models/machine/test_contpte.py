# SPDX-License-Identifier: GPL-2.0-only
"""arm64's contpte layer: gather, unfold, fold, split (5.2)."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import arm, kernel, n, o, page, pages, swap, trace, value

FOLIO = (Folio(0x200, 6),)
CONT = 1 << 52
NEW_VA = 0x8000_0000
CONVERT = "X n0-15, T n0-15, S n0-15"


def new_words(k, count, first=0):
    return [value(k, n(k, first + i)) for i in range(count)]


# contpte_ptep_get


@pytest.mark.parametrize(
    ("others", "gathered"),
    [({}, "WC"), ({9: "WDC"}, "WDC"), ({0: "WAC"}, "WAC"), ({15: "WDC", 1: "WAC"}, "WDAC"), ({4: "DC"}, "WDC")],
)
@pytest.mark.parametrize("index", [5, 14])
def test_get_gathers_accessed_and_dirty_of_the_block(others, gathered, index):
    k = kernel("arm64", {i: page("arm64", 0x200 + i, others.get(i, "WC")) for i in range(16)})
    assert k.ptep_get(o(k, index)) == page("arm64", 0x200 + index, gathered)
    assert trace(k) == f"R o{index}, R o0-15"  # all 16, no short-circuit


def test_get_keeps_the_entrys_own_bits():
    entries = pages("arm64", 0, 0x200, ["C"] * 16) | {3: page("arm64", 0x777, "WDAUXC")}
    k = kernel("arm64", entries)
    assert k.ptep_get(o(k, 5)) == page("arm64", 0x205, "DAC")


@pytest.mark.parametrize(
    ("flags", "reads"),
    [("N", "R o3"), ("NC", "R o3"), ("W", "R o3")],  # only where valid and CONT
)
def test_get_of_other_entries_reads_one(flags, reads):
    k = kernel("arm64", {**pages("arm64", 0, 0x200, ["WDAC"] * 16), 3: page("arm64", 0x203, flags)})
    assert k.ptep_get(o(k, 3)) == page("arm64", 0x203, flags)
    assert trace(k) == reads


@pytest.mark.parametrize(
    ("flags", "reads", "gathered"),
    [  # 5.2, 6.17: stops as soon as both are found
        ({0: "WDAC"}, "R o3, R o0, R o0", "WDAC"),  # 3 instead of 17
        ({0: "WDC", 4: "WAC"}, "R o3, R o0, R o0-4", "WDAC"),
        ({0: "WAC", 4: "WDC"}, "R o3, R o0-4", "WDAC"),
        ({}, "R o3, R o0-15", "WC"),
        ({2: "WAC"}, "R o3, R o0-15", "WAC"),
    ],
)
def test_get_since_6_17_stops_early(flags, reads, gathered):
    entries = {i: page("arm64", 0x200 + i, flags.get(i, "WC")) for i in range(16)}
    k = kernel("arm64", entries, contpte_get_stops_early=True)
    assert k.ptep_get(o(k, 3)) == page("arm64", 0x203, gathered)
    assert trace(k) == reads


# contpte_convert


def test_fold_gives_every_entry_the_last_ones_bits_and_the_or_of_accessed_and_dirty():
    entries = pages("arm64", 0, 0x200, ["W"] * 4 + ["WD"] + ["W"] * 4 + ["WA"] + ["W"] * 5)
    k = kernel("arm64", {}, entries, folios=FOLIO)
    k.set_pte_at(1, NEW_VA + 15 * 4096, n(k, 15), page("arm64", 0x20F, "W"))
    assert new_words(k, 16) == [page("arm64", 0x200 + i, "WDAC") for i in range(16)]
    assert ("T", NEW_VA, NEW_VA + 0x1_0000) in k.events  # the block's 64 KiB, between clear and set


def test_unfold_keeps_neighbours_and_smears_accessed_and_dirty():
    """5.4: entries outside the range are rewritten too."""
    flags = ["WC"] * 16
    flags[11] = "WDAC"
    k = kernel("arm64", pages("arm64", 0, 0x200, flags) | {16: swap("arm64", 3, 8)}, folios=FOLIO)
    assert k.ptep_get_and_clear(1, 0x4000_3000, o(k, 3)) == page("arm64", 0x203, "WDA")
    left = [value(k, o(k, i)) for i in range(17)]
    expected = [page("arm64", 0x200 + i, "WDA") for i in range(16)] + [swap("arm64", 3, 8)]
    expected[3] = 0
    assert left == expected


def test_unfold_takes_the_bits_of_the_entry_asked_for():
    entries = pages("arm64", 0, 0x200, ["C"] * 16)
    names = "VALID TYPE USER RDONLY nG PXN UXN CONT GP"
    k = kernel("arm64", entries | {2: arm(names, 0x202)}, folios=FOLIO)
    k.pte_clear(1, 0x4000_2000, o(k, 2))
    assert value(k, o(k, 9)) == arm("VALID TYPE USER RDONLY nG PXN UXN GP", 0x209)


@pytest.mark.parametrize("cont_ptes", [32, 128])
def test_block_sizes(cont_ptes):  # 5.1
    k = kernel("arm64", pages("arm64", 0, 0x400, ["WDAC"] * cont_ptes), folios=(Folio(0x400, 7),), cont_ptes=cont_ptes)
    k.ptep_get_and_clear(1, 0x4000_0000, o(k, 0))
    last = cont_ptes - 1
    assert trace(k) == f"R o0, X o0-{last}, T o0-{last}, S o0-{last}, X o0"
