# SPDX-License-Identifier: GPL-2.0-only
"""modify_prot_start and modify_prot_commit: raw accesses, values and contracts, single and batched (3.4)."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, OLD, arm, kernel, o, page, pages, trace, value, x86

FOLIO = (Folio(0x200, 5, exclusive=((0, 32),)),)
CONT32 = pages("arm64", 0, 0x200, ["WDAC"] * 32)


def start(k, index, nr=None):
    addr = OLD + index * 4096
    if nr is None:
        return k.ptep_modify_prot_start(k.vma, addr, o(k, index))
    return k.modify_prot_start_ptes(k.vma, addr, o(k, index), nr)


def commit(k, index, old_pte, pte, nr=None):
    addr = OLD + index * 4096
    if nr is None:
        k.ptep_modify_prot_commit(k.vma, addr, o(k, index), old_pte, pte)
    else:
        k.modify_prot_commit_ptes(k.vma, addr, o(k, index), old_pte, pte, nr)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("nr", [None, 1])
def test_one_entry(arch, nr):
    k = kernel(arch, {3: page(arch, 0x203, "WDA")}, folios=FOLIO, contpte=False)
    assert start(k, 3, nr) == page(arch, 0x203, "WDA")
    assert value(k, o(k, 3)) == 0
    commit(k, 3, page(arch, 0x203, "WDA"), page(arch, 0x203, "DA"), nr)
    assert value(k, o(k, 3)) == page(arch, 0x203, "DA")
    assert trace(k) == "X o3, S o3"
    names = (
        ["ptep_modify_prot_start", "ptep_modify_prot_commit"]
        if nr is None
        else ["modify_prot_start_ptes", "modify_prot_commit_ptes"]
    )
    assert [e[0] for e in k.events if str(e[0]).endswith(("start", "commit", "ptes"))] == names
    assert k.violations == []


@pytest.mark.parametrize("arch", ARCHES)
def test_a_batch_gathers_accessed_and_dirty_into_its_first(arch):
    k = kernel(arch, pages(arch, 0, 0x200, ["", "A", "D"]), folios=FOLIO, contpte=False)
    first = start(k, 0, 3)
    assert first == page(arch, 0x200, "AD")
    commit(k, 0, first, first, 3)
    assert [value(k, o(k, i)) for i in range(3)] == [page(arch, 0x200 + i, "AD") for i in range(3)]
    assert trace(k) == "X o0-2, S o0-2"


def test_merged_dirty_sets_soft_dirty_on_x86_64():
    """pte_mkdirty() does: a batch that respects soft-dirty gains it all the same."""
    k = kernel("x86_64", pages("x86_64", 0, 0x200, ["", "D"]), folios=FOLIO, mem_soft_dirty=True)
    assert start(k, 0, 2) == x86("P US NX SAVED_DIRTY SD", 0x200)


@pytest.mark.parametrize(
    ("index", "nr", "expected"),
    [  # arm64: get_and_clear_full_ptes() and set_ptes() of their contpte forms
        (0, 16, "X o0-15, S o0-15"),  # a whole block: no unfold, CONT again
        (0, 4, "R o0, X o0-15, T o0-15, S o0-15, R o3, X o0-3, S o0-3"),
        (8, 16, "R o8, X o0-15, T o0-15, S o0-15, R o23, X o16-31, T o16-31, S o16-31, X o8-23, S o8-23"),
    ],
)
def test_contpte(index, nr, expected):
    k = kernel("arm64", CONT32, folios=FOLIO)
    old_pte = start(k, index, nr)
    commit(k, index, old_pte, k.pte_wrprotect(old_pte), nr)
    assert trace(k) == expected


def test_a_whole_block_is_contiguous_again():
    k = kernel("arm64", CONT32, folios=FOLIO)
    old_pte = start(k, 0, 16)
    commit(k, 0, old_pte, k.pte_wrprotect(old_pte), 16)
    assert value(k, o(k, 5)) == arm("VALID TYPE USER RDONLY AF nG CONT PXN UXN DIRTY", 0x205)


def test_what_was_executable_is_flushed_on_cpus_with_erratum_2645198():
    executable = {i: page("arm64", 0x200 + i, "A") ^ 1 << 54 for i in range(2)}  # UXN
    for erratum, expected in ((True, "R o0-1, X o0-1, T o0-1"), (False, "R o0-1, X o0-1")):
        k = kernel("arm64", executable, folios=FOLIO, erratum_2645198=erratum)
        start(k, 0, 2)
        assert trace(k) == expected
    k = kernel("arm64", pages("arm64", 0, 0x200, ["A", "A"]), folios=FOLIO, erratum_2645198=True)
    start(k, 0, 2)
    assert "T" not in trace(k)


@pytest.mark.parametrize("arch", ARCHES)
def test_contracts(arch):
    k = kernel(arch, {0: page(arch, 0x200), 1: page(arch, 0x205), 2: page(arch, 0x900)}, folios=FOLIO)
    start(k, 0, 2)
    assert k.violations == ["modify_prot_start_ptes() wants consecutive pages"]
    k = kernel(arch, {0: page(arch, 0x900), 1: page(arch, 0x901)}, folios=FOLIO)
    start(k, 0, 2)
    assert k.violations == ["modify_prot_start_ptes() wants nr >= 1 present entries of one folio"]
    k = kernel(arch, {1: page(arch, 0x201)}, folios=FOLIO)
    commit(k, 0, page(arch, 0x200), page(arch, 0x200), 2)
    assert k.violations == ["modify_prot_commit_ptes() of more than one wants targets that are not present"]
    k = kernel(arch, {0: page(arch, 0x200)}, folios=FOLIO)
    k.ptep_modify_prot_start(k.vma, OLD + 4096, o(k, 0))
    assert k.violations == ["a primitive gets an mm or an address that is not its entry's"]
