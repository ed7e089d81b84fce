# SPDX-License-Identifier: GPL-2.0-only
"""models.legal on contpte: a valid CONT entry lies in a whole, aligned, uniform block of one folio."""

import pytest

from pte_review.models.legal import breaches, broken_rules
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import page, pages, scenario, swap

MIXEDMAP = Vma(vm_file=True, anon_vma=False, mixedmap=True)
BLOCK = (Folio(0x100, 4, exclusive=((0, 16),)),)


def block(first=0, pfn=0x100, flags="C", nr=4):
    return pages("arm64", first, pfn, [flags] * nr)


def folded(old, new=None, **options):
    return scenario("arm64", old, new, **{"cont_ptes": 4, "folios": BLOCK, **options})


def legal(what):
    assert list(breaches(what)) == []


def where(what):
    return [(breach.table, breach.entry) for breach in breaches(what) if breach.rule == "malformed-cont"]


@pytest.mark.parametrize(
    "old",
    [
        {i: pte for i, pte in block().items() if i},
        {i: pte for i, pte in block().items() if i < 3},
        {**block(), 2: page("arm64", 0x102)},
        {**block(), 2: page("arm64", 0x102, "CW")},
        {**block(), 2: page("arm64", 0x102, "CN")},
        {**block(), 2: page("arm64", 0x10A, "C")},
        {**block(flags="CN"), 3: page("arm64", 0x103, "C")},
        {**block(), 1: swap("arm64", 0, 1)},
        block(pfn=0x101),
        block(pfn=0x102),
    ],
)
def test_malformed_cont(old):
    assert "malformed-cont" in broken_rules(folded(old))


def test_malformed_cont_names_the_block():
    assert where(folded({8: page("arm64", 0x108, "C")})) == [(0, 8)]
    assert where(folded({}, block(first=9), at=(0, 0, 1))) == [(1, 8), (1, 12)]


@pytest.mark.parametrize(
    "old",
    [
        block(),
        block(first=4, pfn=0x104),
        block(first=8, pfn=0x104),  # moved by whole blocks
        {**block(), **block(first=4, pfn=0x104, flags="CW")},
        {**block(), **block(first=4, pfn=0x104, flags="")},
        pages("arm64", 0, 0x100, ["C", "CA", "CD", "CAD"]),
        pages("arm64", 0, 0x100, ["CW", "CWA", "CWD", "CWAD"]),
        block(flags="CN"),
        {2: page("arm64", 0x102, "CN")},  # present-invalid: legal as recorded kernels hold it
    ],
)
def test_whole_cont_blocks(old):
    legal(folded(old))


def test_a_cont_block_needs_contpte():
    assert broken_rules(folded(block(), contpte=False)) == ("malformed-cont",)


@pytest.mark.parametrize("flags", ["C", "CX"])
@pytest.mark.parametrize("folios", [(), (Folio(0x100, 1, False), Folio(0x102, 1, False)), (Folio(0x100, 2, False),)])
def test_a_cont_block_is_one_folio_and_not_special(flags, folios):
    whole = flags == "C" and len(folios) == 1
    broken = broken_rules(folded(block(flags=flags), folios=folios, vma=MIXEDMAP))
    assert ("malformed-cont" in broken) == (not whole)


def test_a_cont_block_is_cont_ptes_long():
    legal(folded(block(nr=16), cont_ptes=16))
    assert broken_rules(folded(block(nr=8), cont_ptes=16)) == ("malformed-cont",)
    legal(folded(block(nr=2), cont_ptes=2))
