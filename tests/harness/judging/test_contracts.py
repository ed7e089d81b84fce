# SPDX-License-Identifier: GPL-2.0-only
"""The two contracts: accessed and dirty inside a large folio, CONT, warnings, page_table_check counts."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, bits
from tests.kit.outcomes import FOLIO, diverging, judged, left, moving, page, pages, scenario

CANDIDATE = "candidate"


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [  # entries 0 and 1 before; entry 1 as CANDIDATE left it; what `exact` says
        (["D", ""], "D", ["dirty-gained"]),
        (["A", ""], "A", ["young-gained"]),
        (["DA", ""], "DA", ["young-gained", "dirty-gained"]),
        (["WD", "W"], "WD", ["dirty-gained"]),
    ],
)
def test_gained_inside_the_folio(arch, before, after, kinds):
    s = moving(arch, before)
    base, candidate = left(s), left(s, {1: page(arch, FOLIO + 1, after)})
    assert diverging(s, base, candidate) == []
    assert judged(s, base, candidate).allowed == tuple(sorted((kind, 1) for kind in kinds))
    assert diverging(s, base, candidate, "exact") == [(CANDIDATE, (kind, "new", 1)) for kind in kinds]
    assert judged(s, base, candidate, "exact").allowed == ()


@pytest.mark.parametrize("arch", ARCHES)
def test_what_base_gathered_and_candidate_did_not(arch):
    s = moving(arch, ["DA", ""])
    base, candidate = left(s, {1: page(arch, FOLIO + 1, "DA")}), left(s)
    assert diverging(s, base, candidate) == []
    assert judged(s, base, candidate).allowed == (("dirty-gained", 1), ("young-gained", 1))
    lost = [(CANDIDATE, ("young-lost", "new", 1)), (CANDIDATE, ("dirty-lost", "new", 1))]
    assert diverging(s, base, candidate, "exact") == lost


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (["D", "D"], "", "dirty-lost"),
        (["A", "A"], "", "young-lost"),
        (["A", "A"], "DA", "dirty-gained"),
        (["D", "D"], "DA", "young-gained"),
    ],
)
def test_what_no_contract_allows_is_told_once(arch, contract, before, after, kind):
    s = moving(arch, before)
    candidate = left(s, {1: page(arch, FOLIO + 1, after)})
    assert diverging(s, left(s), candidate, contract) == [(CANDIDATE, (kind, "new", 1))]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
@pytest.mark.parametrize(("after", "kind"), [("W", "write-gained"), (None, "entry-lost")])
def test_the_rest_is_the_same_under_both(arch, contract, after, kind):
    s = moving(arch, ["W", ""])
    changed = 0 if after is None else page(arch, FOLIO + 1, after)
    assert diverging(s, left(s), left(s, {1: changed}), contract) == [(CANDIDATE, (kind, "new", 1))]


@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_cont_is_free_under_both_and_counted(contract):
    s = scenario(
        "arm64", pages("arm64", 0, 0x200, ["W"] * 16), at=(0, 0, 16), folios=(Folio(0x200, 4, True, ((0, 16),)),)
    )
    candidate = left(s, pages("arm64", 0, 0x200, ["W"] * 16))
    base = left(s, pages("arm64", 0, 0x200, ["WC"] * 16))
    for first, second in ((base, candidate), (candidate, base)):
        assert diverging(s, first, second, contract) == []
        assert judged(s, first, second, contract).allowed == (("cont", 16),)


@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_two_none_entries_with_different_stray_bits_are_equal(contract):
    stray = bits("x86_64", "A D")
    s = scenario("x86_64", {0: stray, 1: page("x86_64", FOLIO)}, at=(0, 0, 2), folios=(Folio(FOLIO),))
    assert judged(s, left(s), left(s, {0: stray}, {0: 0}), contract).differences == ()


@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_software_dirty_of_what_is_dirty_in_hardware_differs_in_no_predicate(contract):
    s = moving("arm64", ["WD"])
    other = left(s, {0: page("arm64", FOLIO, "WD") & ~bits("arm64", "DIRTY")})
    assert judged(s, left(s), other, contract).differences == ()
    assert judged(s, left(s), other, contract).allowed == ()


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_warnings(arch, contract):
    s = moving(arch, ["W"])
    silent, loud = left(s), left(s, warnings=("VM_WARN_ON_ONCE", "bad pte"))
    extra = [(CANDIDATE, ("warning-extra", "", -1))] * 2
    assert diverging(s, silent, loud, contract) == extra
    missing = [(CANDIDATE, ("warning-missing", "", -1))] * 2
    assert diverging(s, loud, silent, contract) == missing
    assert diverging(s, loud, loud, contract) == []
    assert diverging(s, left(s, warnings=("a", "b")), left(s, warnings=("b", "a")), contract) == []
    one = diverging(s, left(s, warnings=("a", "b")), left(s, warnings=("b", "c")), contract)
    assert one == [(CANDIDATE, ("warning-missing", "", -1)), (CANDIDATE, ("warning-extra", "", -1))]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_map_counts_of_equal_tables(arch, contract):
    s = moving(arch, ["W"], page_table_check=True)
    assert left(s).map_counts == ((FOLIO, 1, 0),)
    other = left(s, map_counts=((FOLIO, 2, 0),))
    assert diverging(s, left(s), other, contract) == [(CANDIDATE, ("page-table-check", "", -1))]
    assert diverging(s, other, other, contract) == []


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", ["exact", "folio-ad"])
def test_events_and_what_ran_are_never_compared(arch, contract):
    s = moving(arch, ["W"])
    assert judged(s, left(s), left(s, events=(), exercised=frozenset({"batch"})), contract).differences == ()
