# SPDX-License-Identifier: GPL-2.0-only
"""page_table_check: what is counted and what is a BUG (7)."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, arm, kernel, n, o, page, swap, x86

ANON, FILE, SHARED = Folio(0x200, 5), Folio(0x300, 4, anon=False), Folio(0x400, 2, shared=((0, 2),))
FOLIOS = (ANON, FILE, SHARED)


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


def checked(arch, old=None, new=None, **options):
    return kernel(arch, old, new, folios=FOLIOS, page_table_check=True, **options)


def counts(k):
    return {pfn: tuple(count) for pfn, count in k.map_counts.items() if any(count)}


@pytest.mark.parametrize(
    ("pfn", "before", "bugs"),
    [  # clear: BUG if the other type's count is not 0, or its own would go below 0
        (0x200, [1, 0], 0),
        (0x200, [2, 0], 0),
        (0x200, [0, 0], 1),
        (0x200, [1, 1], 1),
        (0x300, [0, 1], 0),
        (0x300, [0, 0], 1),
        (0x300, [1, 1], 1),
    ],
)
def test_clear(arch, pfn, before, bugs):
    k = checked(arch)
    k.map_counts[pfn] = list(before)
    k.page_table_check_pte_clear(page(arch, pfn))
    assert len(k.bugs) == bugs == sum(event[0] == "page_table_check BUG" for event in k.events)
    own = 0 if pfn == 0x200 else 1
    assert k.map_counts[pfn][own] == before[own] - 1


@pytest.mark.parametrize(
    ("pfn", "flags", "before", "bugs"),
    [  # set: BUG on the other type's count, or an anon count above 1 with write
        (0x200, "W", [0, 0], 0),
        (0x200, "W", [1, 0], 1),
        (0x200, "", [1, 0], 0),
        (0x200, "", [0, 1], 1),
        (0x300, "W", [0, 1], 0),
        (0x300, "W", [0, 0], 0),
        (0x300, "", [1, 0], 1),
    ],
)
def test_set(arch, pfn, flags, before, bugs):
    k = checked(arch)
    k.map_counts[pfn] = list(before)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), page(arch, pfn, flags))
    assert len(k.bugs) == bugs


def test_write_to_a_page_that_another_process_maps(arch):
    k = checked(arch)
    k.set_ptes(1, 0x8000_0000, n(k, 0), page(arch, 0x400, "W"), 4)  # pages 0 and 1 are mapped elsewhere
    assert len(k.bugs) == 2
    assert counts(k) == {0x400: (2, 0), 0x401: (2, 0), 0x402: (1, 0), 0x403: (1, 0)}


def test_a_shadow_stack_entry_counts_as_writable():
    k = checked("x86_64", shstk=True)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), x86("P US D", 0x400))  # rw is pte_write()
    assert len(k.bugs) == 1


IGNORED = [
    ("x86_64", page("x86_64", 0x200, "N")),
    ("x86_64", x86("P", 0x200)),  # not US
    ("arm64", page("arm64", 0x200, "N")),
    ("arm64", arm("VALID TYPE UXN", 0x200)),  # neither USER nor executable
    ("x86_64", swap("x86_64", 31, 1)),
    ("arm64", swap("arm64", 31, 1)),
    ("arm64", swap("arm64", 27, 0x200)),
    ("x86_64", page("x86_64", 1 << 30)),  # no struct page
    ("arm64", page("arm64", 1 << 30)),
    ("x86_64", page("x86_64", 0x200, "X")),  # special
    ("arm64", page("arm64", 0x200, "X")),
]


@pytest.mark.parametrize(("arch", "pte"), IGNORED)
def test_what_is_not_counted(arch, pte):
    k = checked(arch, {0: pte})
    k.set_pte_at(1, 0x8000_0000, n(k, 0), pte)
    k.ptep_get_and_clear(1, 0x4000_0000, o(k, 0))
    assert (k.map_counts, k.bugs) == ({}, [])


def test_execute_only_is_user_accessible():
    k = checked("arm64", {0: arm("VALID TYPE RDONLY", 0x200)})
    assert counts(k) == {0x200: (1, 0)}


def test_special_is_counted_in_both_places_or_in_neither(arch):
    k = checked(arch, {0: page(arch, 0x200, "X")}, page_table_check_skips_special=False)
    assert counts(k) == {0x200: (1, 0)}
    k.set_pte_at(1, 0x8000_0000, n(k, 0), page(arch, 0x300, "X"))
    k.ptep_get_and_clear(1, 0x4000_0000, o(k, 0))
    assert counts(k) == {0x300: (0, 1)}


@pytest.mark.parametrize(
    ("kind", "warns"),
    [
        ("page W U", True),
        ("page U", False),
        ("page W", False),
        ("swap 27 F", True),  # writable migration
        ("swap 28 F", True),  # writable device private
        ("swap 30 F", False),  # device exclusive is one type since v6.15 (0.1), and no longer in the check
        ("swap 25 F", False),
        ("swap 26 F", False),
        ("swap 29 F", False),
        ("swap 3 F", False),
        ("swap 27", False),
    ],
)
def test_flag_check(arch, kind, warns):
    what, *flags = kind.split()
    pte = page(arch, 0x200, "".join(flags)) if what == "page" else swap(arch, int(flags[0]), 8, " ".join(flags[1:]))
    k = checked(arch)
    k.set_pte_at(1, 0x8000_0000, n(k, 0), pte)
    k.set_pte_at(1, 0x8000_1000, n(k, 1), pte)
    assert len(k.warnings) == int(warns)  # once
