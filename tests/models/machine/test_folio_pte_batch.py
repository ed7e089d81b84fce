# SPDX-License-Identifier: GPL-2.0-only
"""folio_pte_batch() as of v4: what a batch ignores, what stops it, what it reads (4.3)."""

import pytest

from pte_review.models.machine.folios import FPB_IGNORE_DIRTY, FPB_IGNORE_SOFT_DIRTY
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, arm, kernel, o, page, pages, swap, trace, x86

FLAGS = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY
FOLIO = Folio(0x200, 6)
RO = "P US NX"
USER = "VALID TYPE USER RDONLY nG PXN UXN"


def batch(arch, entries, max_nr=None, first=0, flags=FLAGS, **options):
    """(folio_pte_batch(), raw reads) from entry `first` on, whose value is what ptep_get() gives."""
    k = kernel(arch, entries, folios=(FOLIO,), **options)
    pte = k.ptep_get(o(k, first))
    k.events.clear()
    nr = k.folio_pte_batch(FOLIO, 0x4000_0000, o(k, first), pte, max_nr or len(entries), flags)
    assert k.violations == []
    return nr, trace(k)


@pytest.mark.parametrize("odd", ["W", "WD", "D", "A", "WDA"])
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("usual", ["", "W", "WDA"])
def test_write_dirty_and_young_are_ignored(arch, usual, odd):
    assert batch(arch, pages(arch, 0, 0x200, [usual, usual, odd, usual])) == (4, "R o1-3")


@pytest.mark.parametrize(
    ("usual", "odd", "nr"),
    [
        (RO, f"{RO} SD", 4),
        (f"{RO} SD", RO, 4),
        (RO, f"{RO} RW", 4),
        (RO, f"{RO} D", 4),  # shadow-stack-ness
        (f"{RO} D", f"{RO} RW D", 4),
        (RO, f"{RO} SAVED_DIRTY", 4),
        (RO, f"{RO} UFFD_WP", 2),  # respected from here on
        (RO, f"{RO} SPECIAL", 2),
        (RO, "PROTNONE NX", 2),
        (RO, "P US", 2),
        (RO, "P NX", 2),
        (RO, f"{RO} PAT", 2),
        (RO, f"{RO} PKEY", 2),
        (RO, f"{RO} PROTNONE", 2),  # GLOBAL
    ],
)
def test_x86_64(usual, odd, nr):
    entries = {i: x86(odd if i == 2 else usual, 0x200 + i) for i in range(4)}
    reads = "R o1-3" if nr == 4 else "R o1-2"
    assert batch("x86_64", entries, mem_soft_dirty=True) == (nr, reads)


@pytest.mark.parametrize(
    ("usual", "odd", "nr"),
    [
        (USER, f"{USER} WRITE", 4),
        (USER, f"{USER} DIRTY", 4),
        (USER, "VALID TYPE USER nG PXN UXN WRITE", 4),  # RDONLY clear
        (USER, f"{USER} AF", 4),
        (USER, f"{USER} UFFD_WP", 2),
        (USER, f"{USER} SPECIAL", 2),
        (USER, "TYPE RDONLY nG PXN UXN", 2),
        (USER, f"{USER} GP", 2),
        (USER, f"{USER} PO", 2),
        (USER, f"{USER} ATTR", 2),
        (USER, "VALID TYPE USER RDONLY nG PXN", 2),
        ("TYPE RDONLY nG PXN UXN", "TYPE RDONLY nG PXN UXN CONT", 2),  # CONT, of invalid entries
    ],
)
def test_arm64(usual, odd, nr):
    entries = {i: arm(odd if i == 2 else usual, 0x200 + i) for i in range(4)}
    assert batch("arm64", entries)[0] == nr


@pytest.mark.parametrize(("third", "nr"), [(0, 2), ("swap", 2), ("marker", 2), ("hole", 2), ("ad", 2), ("next", 4)])
@pytest.mark.parametrize("arch", ARCHES)
def test_pfn_gaps_none_and_swap_end_it(arch, third, nr):
    entries = pages(arch, 0, 0x200, ["W"] * 4)
    words = {"swap": swap(arch, 3, 0x202), "marker": swap(arch, 31, 1), "hole": page(arch, 0x203, "W")}
    words |= {"next": page(arch, 0x202, "W"), "ad": 0x60}  # 0x60: none on x86_64, junk on arm64
    if third:
        entries[2] = words[third]
    else:
        del entries[2]
    assert batch(arch, entries, max_nr=4)[0] == nr


@pytest.mark.parametrize("flag", [0, FPB_IGNORE_DIRTY, FPB_IGNORE_SOFT_DIRTY, FLAGS])
@pytest.mark.parametrize(
    ("odd", "needs"), [(f"{RO} SD", FPB_IGNORE_SOFT_DIRTY), (f"{RO} SAVED_DIRTY", FPB_IGNORE_DIRTY), (f"{RO} A RW", 0)]
)
def test_flags(flag, odd, needs):
    """norm(): mkclean and clear_soft_dirty by flag, mkold and wrprotect always."""
    entries = {i: x86(odd if i == 2 else RO, 0x200 + i) for i in range(4)}
    assert batch("x86_64", entries, flags=flag, mem_soft_dirty=True)[0] == (4 if flag & needs == needs else 2)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("pfn", "max_nr", "nr", "reads"),
    [
        (0x200, 1, 1, ""),
        (0x200, 3, 3, "R o1-2"),  # never reads past max_nr
        (0x23E, 8, 2, "R o1"),  # the folio ends at 0x240
        (0x23F, 8, 1, ""),
    ],
)
def test_max_nr_and_the_end_of_the_folio(arch, pfn, max_nr, nr, reads):
    assert batch(arch, pages(arch, 0, pfn, ["W"] * 8), max_nr) == (nr, reads)


@pytest.mark.parametrize(
    ("first", "max_nr", "nr", "reads"),
    [  # 4.4: a valid CONT entry stands for the rest of its block; o32 is read twice
        (0, 48, 48, "R o16, R o16-32, R o32-47"),
        (0, 16, 16, ""),
        (5, 40, 40, "R o16, R o16-32, R o32-47"),
        (0, 10, 10, ""),  # the hint may exceed max_nr
        (3, 2, 2, ""),
        (0, 20, 20, "R o16, R o16-31"),
        (15, 1, 1, ""),
    ],
)
def test_cont_blocks(first, max_nr, nr, reads):
    entries = pages("arm64", 0, 0x200, ["WDAC"] * 48)
    assert batch("arm64", entries, max_nr, first) == (nr, reads)


def test_a_cont_block_and_a_plain_one_are_two_batches():
    entries = pages("arm64", 0, 0x200, ["WC"] * 16 + ["W"] * 16)  # 4.3: CONT is respected
    assert batch("arm64", entries) == (16, "R o16")
    assert batch("arm64", entries, 16, first=16) == (16, "R o17-31")


@pytest.mark.parametrize("options", [{"contpte": False}, {}])
def test_no_hint_without_contpte(options):
    entries = pages("arm64", 0, 0x200, ["WC"] * 16)
    assert batch("arm64", entries, **options) == (16, "R o1-15" if options else "")


def test_cont_on_prot_none_is_no_hint():
    assert batch("arm64", pages("arm64", 0, 0x200, ["NC"] * 16)) == (16, "R o1-15")
