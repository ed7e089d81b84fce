# SPDX-License-Identifier: GPL-2.0-only
"""The table of primitives: the raw accesses of each, in order. R read, X exchange with 0, S store, T invalidate."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import NEW, OLD, kernel, n, o, page, pages, swap, trace, value

CONT32 = pages("arm64", 0, 0x200, ["WDAC"] * 32)  # two blocks of one folio
FOLIO = (Folio(0x200, 5),)
UNFOLD_O = "X o0-15, T o0-15, S o0-15"
UNFOLD_O2 = "X o16-31, T o16-31, S o16-31"


def act(k, name, index, *args):
    """Call a primitive on the old entry `index`."""
    return getattr(k, name)(1, 0x4000_0000 + index * 4096, o(k, index), *args)


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [  # 3, generic column: x86_64, and arm64 without CONTPTE
        ("ptep_get_and_clear", (), "X o3"),
        ("get_and_clear_full_ptes", (1, 0), "X o3"),
        ("get_and_clear_full_ptes", (4, 0), "X o3-6"),
        ("pte_clear", (), "S o3"),
        ("set_pte_at", (0,), "S o3"),
        ("set_ptes", (0, 1), "S o3"),
    ],
)
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_generic(arch, name, args, expected):
    k = kernel(arch, pages(arch, 3, 0x203, ["W"] * 4), folios=FOLIO, contpte=False)
    act(k, name, 3, *args)
    assert trace(k) == expected
    assert value(k, o(k, 3)) == 0


@pytest.mark.parametrize("options", [{"contpte": False}, {}])
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_ptep_get_of_a_plain_entry(arch, options):
    k = kernel(arch, {3: page(arch, 0x203, "W")}, **options)
    assert k.ptep_get(o(k, 3)) == page(arch, 0x203, "W")
    assert k.events == [("ptep_get", o(k, 3)), ("R", o(k, 3), page(arch, 0x203, "W"))]


@pytest.mark.parametrize(
    ("name", "index", "args", "expected"),
    [  # 3, arm64 column, on entries that are not CONT
        ("ptep_get_and_clear", 3, (), "R o3, X o3"),
        ("get_and_clear_full_ptes", 3, (1, 0), "R o3, X o3"),
        ("get_and_clear_full_ptes", 3, (4, 0), "R o3, R o6, X o3-6"),  # try_unfold_partial: both ends
        ("get_and_clear_full_ptes", 8, (8, 0), "R o8, X o8-15"),  # ends at a block
        ("get_and_clear_full_ptes", 0, (8, 0), "R o0, R o7, X o0-7"),  # n < 16
        ("get_and_clear_full_ptes", 0, (16, 0), "X o0-15"),  # covers its block
        ("get_and_clear_full_ptes", 0, (20, 0), "R o19, X o0-19"),
        ("get_and_clear_full_ptes", 8, (24, 0), "R o8, X o8-31"),
        ("pte_clear", 3, (), "R o3, S o3"),
        ("set_pte_at", 3, (0,), "R o3, S o3"),
        ("set_ptes", 3, (0, 1), "R o3, S o3"),
    ],
)
def test_arm64_without_cont(name, index, args, expected):
    k = kernel("arm64", pages("arm64", 0, 0x200, ["WDA"] * 32), folios=FOLIO)
    act(k, name, index, *args)
    assert trace(k) == expected


@pytest.mark.parametrize(
    ("name", "index", "args", "expected"),
    [  # 3 and 5.2, arm64 column, on CONT entries
        ("ptep_get_and_clear", 3, (), f"R o3, {UNFOLD_O}, X o3"),
        ("get_and_clear_full_ptes", 3, (1, 0), f"R o3, {UNFOLD_O}, X o3"),
        ("get_and_clear_full_ptes", 3, (4, 0), f"R o3, {UNFOLD_O}, R o6, X o3-6"),
        ("get_and_clear_full_ptes", 0, (16, 0), "X o0-15"),
        ("get_and_clear_full_ptes", 0, (32, 0), "X o0-31"),
        ("get_and_clear_full_ptes", 8, (16, 0), f"R o8, {UNFOLD_O}, R o23, {UNFOLD_O2}, X o8-23"),
        ("get_and_clear_full_ptes", 0, (20, 0), f"R o19, {UNFOLD_O2}, X o0-19"),
        ("pte_clear", 3, (), f"R o3, {UNFOLD_O}, S o3"),
        ("set_pte_at", 3, (0,), f"R o3, {UNFOLD_O}, S o3"),
        ("set_ptes", 3, (0, 1), f"R o3, {UNFOLD_O}, S o3"),
    ],
)
def test_arm64_with_cont(name, index, args, expected):
    k = kernel("arm64", CONT32, folios=FOLIO)
    act(k, name, index, *args)
    assert trace(k) == expected


@pytest.mark.parametrize(
    ("start", "nr", "arch", "expected"),
    [
        (0, 3, "x86_64", "S n0-2"),
        (0, 3, "arm64", "S n0-2"),
        (14, 4, "arm64", "S n14-17"),  # contpte_set_ptes never reads
        (0, 32, "arm64", "S n0-31"),
    ],
)
def test_set_ptes_of_more_than_one(start, nr, arch, expected):
    k = kernel(arch, folios=FOLIO)
    k.set_ptes(1, 0x8000_0000 + start * 4096, n(k, start), page(arch, 0x203, "WDA"), nr)
    assert trace(k) == expected
    # 3: PFN+1 each, all other bits identical to the argument
    assert [value(k, n(k, start + i)) & ~(1 << 52) for i in range(nr)] == [
        page(arch, 0x203 + i, "WDA") for i in range(nr)
    ]


def test_set_ptes_of_prot_none_counts_the_inverted_pfn_down():
    k = kernel("x86_64", folios=FOLIO)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page("x86_64", 0x200, "N"), 3)  # 1.1, 3.3
    assert [value(k, n(k, i)) for i in range(3)] == [page("x86_64", 0x200 + i, "N") for i in range(3)]


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize("name", ["ptep_get_and_clear", "get_and_clear_full_ptes", "pte_clear", "set_pte_at"])
def test_any_state_is_allowed_for_one_entry(arch, name):
    k = kernel(arch, {3: swap(arch, 31, 1)})
    args = {"get_and_clear_full_ptes": (1, 0), "set_pte_at": (swap(arch, 3, 8),)}.get(name, ())
    returned = act(k, name, 3, *args)
    assert returned == (None if name in ("pte_clear", "set_pte_at") else swap(arch, 31, 1))  # 3.1, 3.2
    assert value(k, o(k, 3)) == (swap(arch, 3, 8) if name == "set_pte_at" else 0)
    assert k.violations == []


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_every_public_call_is_an_event_with_its_arguments(arch):
    k = kernel(arch, pages(arch, 0, 0x200, ["W", "W"]), folios=FOLIO)
    pte = page(arch, 0x210, "A")
    k.set_pte_at(1, NEW, n(k, 0), pte)
    k.set_ptes(1, NEW + 0x2000, n(k, 2), pte, 2)
    k.get_and_clear_full_ptes(1, OLD, o(k, 0), 2, 0)
    k.ptep_get_and_clear(1, NEW, n(k, 0))
    k.pte_clear(1, NEW + 0x2000, n(k, 2))
    assert [event for event in k.events if event[0] not in ("R", "X", "S")] == [
        ("set_pte_at", NEW, n(k, 0), pte),
        ("set_ptes", NEW + 0x2000, n(k, 2), pte, 2),
        ("get_and_clear_full_ptes", OLD, o(k, 0), 2, 0),
        ("ptep_get_and_clear", NEW, n(k, 0)),
        ("pte_clear", NEW + 0x2000, n(k, 2)),
    ]
