# SPDX-License-Identifier: GPL-2.0-only
"""arm64's contpte layer where entries are set: split at blocks, try to fold (5.2)."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import kernel, n, page, pages, trace, value

FOLIO = (Folio(0x200, 6),)
CONT = 1 << 52
NEW_VA = 0x8000_0000
CONVERT = "X n0-15, T n0-15, S n0-15"


def new_words(k, count, first=0):
    return [value(k, n(k, first + i)) for i in range(count)]


# contpte_set_ptes


@pytest.mark.parametrize(
    ("start", "pfn", "nr", "cont"),
    [  # CONT iff piece start, piece end and PFN are all aligned
        (0, 0x200, 16, {0}),
        (0, 0x200, 32, {0, 16}),
        (0, 0x200, 15, set()),
        (0, 0x201, 16, set()),  # PFN not aligned
        (0, 0x208, 32, set()),
        (8, 0x208, 24, {16}),  # head of 8, then a whole block
        (8, 0x200, 24, set()),  # at 16 the PFN is 0x208
        (8, 0x208, 32, {16}),  # and a tail of 8
        (1, 0x201, 2, set()),
        (15, 0x20F, 33, {16, 32}),
    ],
)
def test_set_ptes_splits_at_blocks(start, pfn, nr, cont):
    k = kernel("arm64", folios=FOLIO)
    k.set_ptes(1, NEW_VA + start * 4096, n(k, start), page("arm64", pfn, "WDAC"), nr)  # CONT in the argument is cleared
    blocks = {i: (start + i) & ~15 for i in range(nr)}
    assert new_words(k, nr, start) == [
        page("arm64", pfn + i, "WDAC" if blocks[i] in cont else "WDA") for i in range(nr)
    ]
    assert trace(k) == f"S n{start}-{start + nr - 1}"


@pytest.mark.parametrize(("guard", "cont"), [(False, CONT), (True, 0)])
def test_set_ptes_of_prot_none(guard, cont):
    """0.1: without the guard a whole aligned block of invalid entries gets CONT, and stays invalid."""
    k = kernel("arm64", folios=FOLIO, contpte_set_guards_invalid=guard)
    k.set_ptes(1, NEW_VA, n(k, 0), page("arm64", 0x200, "N"), 16)
    assert new_words(k, 16) == [page("arm64", 0x200 + i, "N") | cont for i in range(16)]


# contpte_try_fold


FOLD = f"R n15, S n15, R n0-15, {CONVERT}"
PROBES = {  # what differs from a foldable block: (entries 0-14, the last one, raw accesses)
    "whole": ({}, "W", FOLD),
    "accessed and dirty are ignored": ({0: "WDA", 7: "WD", 9: "WA"}, "W", FOLD),
    "write differs": ({7: ""}, "W", "R n15, S n15, R n0-7"),
    "uffd-wp differs": ({3: "WU"}, "W", "R n15, S n15, R n0-3"),
    "special": ({}, "WX", "R n15, S n15"),
    "not valid": ({}, "N", "R n15, S n15"),
}


@pytest.mark.parametrize(("others", "last", "expected"), PROBES.values(), ids=PROBES)
def test_fold_probe(others, last, expected):
    entries = {i: page("arm64", 0x200 + i, others.get(i, "W")) for i in range(15)}
    k = kernel("arm64", {}, entries, folios=FOLIO)
    k.set_pte_at(1, NEW_VA + 15 * 4096, n(k, 15), page("arm64", 0x20F, last))
    assert trace(k) == expected
    assert bool(value(k, n(k, 15)) & CONT) is (expected == FOLD)


@pytest.mark.parametrize(
    ("index", "pfn", "folio", "expected"),
    [
        (15, 0x20F, Folio(0x200, 4), FOLD),
        (14, 0x20E, Folio(0x200, 4), "R n14, S n14"),  # VA index is not 15
        (15, 0x20E, Folio(0x200, 5), "R n15, S n15"),  # pfn % 16 is not 15
        (15, 0x20F, Folio(0x208, 3), "R n15, S n15"),  # the folio starts inside the block
        (15, 0x20F, Folio(0x20F), "R n15, S n15"),
        (31, 0x21F, Folio(0x200, 5), "R n31, S n31, R n16"),  # n16 is none
    ],
)
def test_only_the_last_entry_of_an_aligned_block_of_one_folio_probes(index, pfn, folio, expected):
    k = kernel("arm64", {}, pages("arm64", 0, 0x200, ["W"] * 15), folios=(folio,))
    k.set_pte_at(1, NEW_VA + index * 4096, n(k, index), page("arm64", pfn, "W"))
    assert trace(k) == expected


def test_the_pfns_must_be_consecutive():
    k = kernel("arm64", {}, pages("arm64", 0, 0x200, ["W"] * 15) | {4: page("arm64", 0x205, "W")}, folios=FOLIO)
    k.set_pte_at(1, NEW_VA + 15 * 4096, n(k, 15), page("arm64", 0x20F, "W"))
    assert trace(k) == "R n15, S n15, R n0-4"
