# SPDX-License-Identifier: GPL-2.0-only
"""The primitives' own contracts (3.1, 3.2, 4.3): broken ones are recorded and the run goes on."""

import pytest

from pte_review.models.machine.endings import TableOverrun
from pte_review.models.machine.folios import FPB_IGNORE_DIRTY
from pte_review.models.machine.state import FULL
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, kernel, n, o, page, pages, swap, trace

FOLIOS = (Folio(0x200, 2), Folio(0x204, 2), Folio(0x300))


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


CLEARS = {  # pages of folios 0x200-0x203, 0x204-0x207; None is a none entry, 0 a swap entry
    "one folio": ([0x200, 0x201, 0x202, 0x203], False),
    "from the middle": ([0x202, 0x203], False),
    "over the folio's end": ([0x202, 0x203, 0x204], True),
    "a gap in the pages": ([0x200, 0x202], True),
    "descending": ([0x201, 0x200], True),
    "none in between": ([0x200, None, 0x202], True),
    "swap in between": ([0x200, 0, 0x202], True),
    "swap first": ([0, 0x201], True),
    "a small folio": ([0x300, 0x301], True),
    "no folio": ([0x400, 0x401], True),
}


@pytest.mark.parametrize(("pfns", "violated"), CLEARS.values(), ids=CLEARS)
def test_clearing_wants_consecutive_pages_of_one_folio(arch, pfns, violated):
    entries = {i: page(arch, pfn) if pfn else swap(arch, 3, 8) for i, pfn in enumerate(pfns) if pfn is not None}
    k = kernel(arch, entries, folios=FOLIOS)
    k.get_and_clear_full_ptes(1, 0x4000_0000, o(k, 0), len(pfns), 0)
    assert bool(k.violations) is violated
    assert all(k.memory[o(k, i)] == 0 for i in range(len(pfns)))  # it goes on


@pytest.mark.parametrize(
    ("target", "violated"),
    [
        ({}, False),
        ({2: "swap"}, False),
        ({2: "page"}, True),
        ({0: "page"}, True),
        ({2: "none"}, True),
        ({3: "page"}, False),
    ],
)
def test_setting_more_than_one_wants_targets_not_present(arch, target, violated):
    words = {"swap": swap(arch, 3, 8), "page": page(arch, 0x300), "none": page(arch, 0x300, "N")}  # 3.2, PROT_NONE
    k = kernel(arch, {}, {i: words[what] for i, what in target.items()}, folios=FOLIOS)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page(arch, 0x200), 3)
    assert bool(k.violations) is violated
    assert [k.memory[n(k, i)] for i in range(3)] == [page(arch, 0x200 + i) for i in range(3)]


def test_setting_more_than_one_wants_a_present_value(arch):
    k = kernel(arch)
    k.set_ptes(1, 0x8000_0000, n(k, 0), swap(arch, 3, 8), 2)
    assert k.violations


def test_setting_one_is_free(arch):
    k = kernel(arch, {}, {0: page(arch, 0x300)})
    k.set_ptes(1, 0x8000_0000, n(k, 0), swap(arch, 3, 8), 1)
    assert k.violations == []


def test_checks_leave_no_raw_accesses(arch):
    k = kernel(arch, pages(arch, 16, 0x200, ["W"] * 4), folios=FOLIOS, contpte=False)
    k.get_and_clear_full_ptes(1, 0x4001_0000, o(k, 16), 4, 0)
    assert trace(k) == "X o16-19"


@pytest.mark.parametrize(
    ("pte", "max_nr", "folio", "violated"),
    [  # 4.3 step 1
        ("page", 4, 0, False),
        ("page", 0, 0, True),
        ("swap", 4, 0, True),
        ("page", 4, 1, True),  # another folio than the entry's
        ("small", 4, 2, True),  # not large
    ],
)
def test_folio_pte_batch_preconditions(arch, pte, max_nr, folio, violated):
    first = {"page": page(arch, 0x200), "swap": swap(arch, 3, 8), "small": page(arch, 0x300)}[pte]
    k = kernel(arch, {0: first}, folios=FOLIOS)
    k.folio_pte_batch(k.scenario.folios[folio], 0x4000_0000, o(k, 0), first, max_nr, FPB_IGNORE_DIRTY)
    assert bool(k.violations) is violated


def test_a_violation_is_recorded_once_and_is_an_event_each_time(arch):
    k = kernel(arch, {}, {1: page(arch, 0x300), 3: page(arch, 0x301)}, folios=FOLIOS)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page(arch, 0x200), 2)
    k.set_ptes(1, 0x8000_2000, n(k, 2), page(arch, 0x202), 2)
    assert len(k.violations) == 1
    assert [event for event in k.events if event[0] == "violation"] == [
        ("violation", 0, n(k, 1)),
        ("violation", 0, n(k, 3)),
    ]


@pytest.mark.parametrize(
    "name", ["ptep_get", "pte_clear", "ptep_get_and_clear", "set_pte_at", "read", "xchg0", "store"]
)
@pytest.mark.parametrize("ptep", [0, 511, 1024, 1535, 2048, 2560, -1000, 10**9])
def test_an_access_outside_both_tables_ends_the_run(arch, name, ptep):
    k = kernel(arch)
    args = {"ptep_get": (ptep,), "read": (ptep,), "xchg0": (ptep,), "store": (ptep, 1), "set_pte_at": (1, 0, ptep, 1)}
    with pytest.raises(TableOverrun):
        getattr(k, name)(*args.get(name, (1, 0, ptep)))


PLACES = {  # mm and address of new[3], and whether that is right
    "its own": (1, 0x8000_3000, False),
    "the entry's in the old table": (1, 0x4000_3000, True),
    "the next one's": (1, 0x8000_4000, True),
    "swapped": (0x8000_3000, 1, True),
}


@pytest.mark.parametrize("name", ["ptep_get_and_clear", "pte_clear", "set_pte_at", "set_ptes", "get_and_clear_ptes"])
@pytest.mark.parametrize(("mm", "addr", "violated"), PLACES.values(), ids=PLACES)
def test_a_primitive_gets_its_entrys_mm_and_address(arch, name, mm, addr, violated):
    k = kernel(arch, {}, {3: page(arch, 0x300)}, folios=FOLIOS)
    rest = {"set_pte_at": (0,), "set_ptes": (0, 1), "get_and_clear_ptes": (1,)}
    getattr(k, name)(mm, addr, n(k, 3), *rest.get(name, ()))
    assert k.violations == ["a primitive gets an mm or an address that is not its entry's"] * violated


@pytest.mark.parametrize("full", [0, 1])
def test_full_is_for_address_spaces_that_go_away(arch, full):
    for name, rest in (("get_and_clear_full_ptes", (1, full)), ("ptep_get_and_clear_full", (full,))):
        k = kernel(arch, {3: page(arch, 0x300)}, folios=FOLIOS)
        getattr(k, name)(1, 0x4000_3000, o(k, 3), *rest)
        assert k.violations == []
        assert k.facts == [FULL] * full


@pytest.mark.parametrize("swp_type", range(32))
def test_a_folio_is_asked_of_entries_that_hold_a_page_frame(arch, swp_type):
    """3.7: is_pfn_swap_entry(): hwpoison, migration, device private and device exclusive entries."""
    k = kernel(arch, {0: swap(arch, swp_type, 0x201)}, folios=FOLIOS)
    k.pfn_swap_entry_folio(k.pte_to_swp_entry(k.ptep_get(o(k, 0))))
    assert bool(k.violations) is (swp_type not in range(24, 31))
