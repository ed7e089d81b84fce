# SPDX-License-Identifier: GPL-2.0-only
"""What get_and_clear_full_ptes() returns: the first entry, with dirty and young of all, and nothing else (3.1)."""

import pytest

from pte_review.models.machine.endings import TableOverrun
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, arm, kernel, o, page, pages, value, x86

FOLIO = (Folio(0x200, 4),)
RO = "P US NX"
USER = "VALID TYPE USER nG PXN UXN"


def returned(arch, entries, **config):
    """Of get_and_clear_full_ptes() on `entries`, which take consecutive slots; all must be none afterwards."""
    k = kernel(arch, dict(enumerate(entries)), folios=FOLIO, **config)
    result = k.get_and_clear_full_ptes(1, 0x4000_0000, o(k, 0), len(entries), 0)
    assert [value(k, o(k, i)) for i in range(len(entries))] == [0] * len(entries)
    assert k.violations == []
    return hex(result)


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [  # pte_mkdirty() of 2.1: sets soft-dirty, and SAVED_DIRTY where entry 0 is read-only
        (f"{RO} RW", f"{RO} RW D", f"{RO} RW D SD"),
        (RO, f"{RO} RW D", f"{RO} SAVED_DIRTY SD"),
        (RO, f"{RO} SAVED_DIRTY", f"{RO} SAVED_DIRTY SD"),
        (f"{RO} D", f"{RO} D", f"{RO} SAVED_DIRTY SD"),  # a shadow-stack entry 0 becomes an ordinary one
        (f"{RO} D", RO, f"{RO} D"),  # unless no other is dirty
        (f"{RO} RW D", f"{RO} RW", f"{RO} RW D"),  # nothing merged: no soft-dirty either
        (RO, f"{RO} A", f"{RO} A"),
        (f"{RO} A", RO, f"{RO} A"),
        (RO, f"{RO} RW D A", f"{RO} SAVED_DIRTY SD A"),
        (RO, f"{RO} RW", RO),  # nothing else: write, uffd-wp, special, soft-dirty, cache, key
        (f"{RO} RW", RO, f"{RO} RW"),
        (RO, f"{RO} UFFD_WP", RO),
        (f"{RO} UFFD_WP", RO, f"{RO} UFFD_WP"),
        (RO, f"{RO} SPECIAL", RO),
        (RO, f"{RO} SD", RO),
        (RO, "P PWT PCD PAT PKEY", RO),
        ("PROTNONE", "PROTNONE A", "PROTNONE A"),
    ],
)
def test_x86_64(first, second, merged):
    assert returned("x86_64", [x86(first, 0x200), x86(second, 0x201)], mem_soft_dirty=True) == hex(x86(merged, 0x200))


def test_x86_64_without_soft_dirty():
    entries = [x86(RO, 0x200), x86(f"{RO} RW D", 0x201)]
    assert returned("x86_64", entries) == hex(x86(f"{RO} SAVED_DIRTY", 0x200))


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [  # pte_mkdirty() of 2.2: clears RDONLY only where entry 0 has WRITE
        ("RDONLY", "RDONLY DIRTY", "RDONLY DIRTY"),
        ("RDONLY", "WRITE", "RDONLY DIRTY"),  # hardware dirty counts
        ("WRITE RDONLY", "RDONLY DIRTY", "WRITE DIRTY"),
        ("WRITE RDONLY", "WRITE RDONLY", "WRITE RDONLY"),
        ("WRITE", "WRITE", "WRITE DIRTY"),
        ("WRITE", "RDONLY", "WRITE"),
        ("RDONLY", "RDONLY AF", "RDONLY AF"),
        ("RDONLY AF", "RDONLY", "RDONLY AF"),
        ("RDONLY", "WRITE AF", "RDONLY DIRTY AF"),
        ("RDONLY", "WRITE RDONLY", "RDONLY"),  # nothing else
        ("RDONLY", "RDONLY UFFD_WP SPECIAL GP", "RDONLY"),
        ("RDONLY UFFD_WP", "RDONLY", "RDONLY UFFD_WP"),
    ],
)
@pytest.mark.parametrize("contpte", [True, False])
def test_arm64(first, second, merged, contpte):
    entries = [arm(f"{USER} {first}", 0x200), arm(f"{USER} {second}", 0x201)]
    assert returned("arm64", entries, contpte=contpte) == hex(arm(f"{USER} {merged}", 0x200))


def test_cont_comes_from_entry_0():
    k = kernel("arm64", pages("arm64", 0, 0x200, ["C"] * 15 + ["WDAC"]), folios=FOLIO)
    assert k.get_and_clear_full_ptes(1, 0x4000_0000, o(k, 0), 16, 0) == page("arm64", 0x200, "DAC")


@pytest.mark.parametrize("config", [{}, {"page_table_check": True}])
@pytest.mark.parametrize(("flags", "merged"), [("WD", "WD"), ("WA", "WA"), ("WDA", "WDA")])
@pytest.mark.parametrize("index", [1, 3, 5])
@pytest.mark.parametrize("arch", ARCHES)
def test_any_later_entry_counts(arch, index, flags, merged, config):
    entries = [page(arch, 0x200 + i, flags if i == index else "W") for i in range(6)]
    assert returned(arch, entries, **config) == hex(page(arch, 0x200, merged))


@pytest.mark.parametrize("arch", ARCHES)
def test_one_entry_is_returned_as_it_is(arch):
    assert returned(arch, [page(arch, 0x200, "D")]) == hex(page(arch, 0x200, "D"))


@pytest.mark.parametrize("contpte", [True, False])
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", ["get_and_clear_full_ptes", "set_ptes"])
def test_no_entries_wrap_the_unsigned_counter(arch, contpte, name):
    k = kernel(arch, pages(arch, 0, 0x200, ["W"] * 16), folios=FOLIO, contpte=contpte)
    args = (0, 0) if name == "get_and_clear_full_ptes" else (page(arch, 0x300), 0)
    with pytest.raises(TableOverrun) as ended:
        getattr(k, name)(1, 0x4000_0000, o(k, 0), *args)
    assert ended.value.ptep == o(k, 512)  # one behind the table
    assert k.violations
