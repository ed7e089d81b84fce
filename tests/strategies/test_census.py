# SPDX-License-Identifier: GPL-2.0-only
"""The census itself: what it counts is there, and what is not there it does not count."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, OLD, pages, scenario, swap
from tests.kit.census import features

SIXTEEN = (Folio(0x100, 4),)
NOISE = {"present", "aligned destination", "misaligned destination"}


def seen(arch, old, at=(0, 0, 4), **options):
    return features(scenario(arch, old, at=at, **{"folios": SIXTEEN, **options})) - NOISE


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flag", "name"), [("W", "write"), ("D", "dirty"), ("A", "young"), ("U", "uffd-wp"), ("N", "prot-none")]
)
def test_single_bits(arch, flag, name):
    kinds = {"prot-none"} if flag == "N" else set()
    old = pages(arch, 0, 0x100, ["", "", flag, flag])
    assert seen(arch, old, vma=Vma(uffd=True)) == {f"{name} alone differs", *kinds}
    both = pages(arch, 0, 0x100, ["", "", flag + ("A" if flag != "A" else "D")] * 1)
    assert f"{name} alone differs" not in seen(arch, both, at=(0, 0, 3), vma=Vma(uffd=True))
    assert seen(arch, old, at=(0, 0, 2)) == {"ends inside a folio"}


@pytest.mark.parametrize("arch", ARCHES)
def test_holes(arch):
    old = pages(arch, 0, 0x100, [""] * 4)
    hole, gone = "hole in a folio", "non-present in a folio"
    assert seen(arch, {i: p for i, p in old.items() if i != 1}) == {"none", hole, "presence alone differs"}
    assert seen(arch, {**old, 1: swap(arch, 3, 7)}) == {"swap", gone, "presence alone differs"}
    assert seen(arch, {**old, 3: swap(arch, 3, 7)}) == {"swap"}
    assert seen(arch, {i: p for i, p in old.items() if i < 3}) == {"none"}


@pytest.mark.parametrize("arch", ARCHES)
def test_folio_ends(arch):
    folios = (Folio(0x100, 1, False), Folio(0x102, 1, False), Folio(0x106, 1, False))
    file = {"vma": Vma(vm_file=True, anon_vma=False), "folios": folios}
    assert seen(arch, pages(arch, 0, 0x100, [""] * 4), **file) == {"folio end", "folio end, PFNs go on"}
    apart = {**pages(arch, 0, 0x100, ["", ""]), **pages(arch, 2, 0x106, ["", ""])}
    assert seen(arch, apart, **file) == {"folio end"}


@pytest.mark.parametrize("arch", ARCHES)
def test_ranges(arch):
    old = pages(arch, 0, 0x100, [""] * 16)
    assert seen(arch, old, at=(4, 4, 12)) == {"starts inside a folio"}
    assert seen(arch, old, at=(0, 0, 12)) == {"ends inside a folio"}
    assert seen(arch, old, at=(0, 0, 16), ptrs_per_pte=32) == {"half a table"}
    assert seen(arch, old, at=(0, 0, 15), ptrs_per_pte=32) == {"ends inside a folio"}
    assert seen(arch, old, at=(0, 0, 16), new_addr=OLD + 64 * 4096) == {"one table"}
    for new, name in ((16, "aligned destination"), (17, "misaligned destination")):
        assert name in features(scenario(arch, old, at=(0, new, 16), folios=SIXTEEN))


def test_blocks():
    def blocks(flags, at):
        old = {**pages("arm64", 0, 0x100, [flags[0]] * 4), **pages("arm64", 4, 0x104, [flags[1]] * 4)}
        names = seen("arm64", old, at, cont_ptes=4, vma=Vma(uffd=True))
        return names - {"starts inside a folio", "ends inside a folio", "prot-none", "prot-none alone differs"}

    assert blocks(("C", "C"), (0, 0, 8)) == {"whole blocks", "block edge inside"}
    assert blocks(("C", "C"), (2, 0, 6)) == {"starts inside a block", "whole blocks", "block edge inside"}
    assert blocks(("C", "C"), (0, 0, 6)) == {"ends inside a block", "whole blocks", "block edge inside"}
    assert blocks(("C", ""), (0, 0, 8)) == {"CONT alone differs", "whole blocks", "block edge inside"}
    assert blocks(("C", "CW"), (0, 0, 8)) >= {"write alone differs", "write alone differs between blocks"}
    assert blocks(("", ""), (2, 0, 4)) == set()
    assert blocks(("CN", "CN"), (2, 0, 4)) == {"CONT on PROT_NONE"}
    mixed = seen("arm64", pages("arm64", 0, 0x100, ["C", "C", "CA", "C"]), (0, 0, 4), cont_ptes=4)
    assert mixed == {"A/D differ inside a block", "young alone differs", "whole blocks"}
