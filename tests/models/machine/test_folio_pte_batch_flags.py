# SPDX-License-Identifier: GPL-2.0-only
"""folio_pte_batch_flags() of v6.17: what each flag respects or merges (4.5)."""

import pytest

from pte_review.models.machine.folios import (
    FPB_MERGE_WRITE,
    FPB_MERGE_YOUNG_DIRTY,
    FPB_RESPECT_DIRTY,
    FPB_RESPECT_SOFT_DIRTY,
    FPB_RESPECT_WRITE,
)
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, kernel, o, page, x86

FOLIO = Folio(0x200, 4)
RO = "P US NX"


def batch(arch, entries, flags, **config):
    k = kernel(arch, dict(enumerate(entries)), folios=(FOLIO,), **config)
    return k.folio_pte_batch_flags(FOLIO, k.vma, o(k, 0), entries[0], len(entries), flags)


def test_flag_values():
    flags = (FPB_RESPECT_DIRTY, FPB_RESPECT_SOFT_DIRTY, FPB_RESPECT_WRITE, FPB_MERGE_WRITE, FPB_MERGE_YOUNG_DIRTY)
    assert flags == (1, 2, 4, 8, 16)


@pytest.mark.parametrize(
    ("odd", "respected_by"),
    [("D", FPB_RESPECT_DIRTY), ("S", FPB_RESPECT_SOFT_DIRTY), ("W", FPB_RESPECT_WRITE), ("A", 0), ("U", -1)],
)
@pytest.mark.parametrize("flag", [0, FPB_RESPECT_DIRTY, FPB_RESPECT_SOFT_DIRTY, FPB_RESPECT_WRITE])
def test_respect(odd, respected_by, flag):
    """Young is always ignored, uffd-wp never; flags of 0 are v4's set."""
    entries = [page("x86_64", 0x200 + i, odd if i == 2 else "") for i in range(4)]
    nr, pte = batch("x86_64", entries, flag, mem_soft_dirty=True)
    assert nr == (2 if respected_by == -1 or flag & respected_by else 4)
    assert pte == entries[0]


@pytest.mark.parametrize("flag", [0, FPB_RESPECT_DIRTY, FPB_RESPECT_WRITE])
def test_write_and_dirty_on_arm64(flag):
    for odd, stopped_by in (("W", FPB_RESPECT_WRITE), ("D", FPB_RESPECT_DIRTY), ("A", 0)):
        entries = [page("arm64", 0x200 + i, odd if i == 2 else "") for i in range(4)]
        assert batch("arm64", entries, flag)[0] == (2 if flag & stopped_by else 4)


def test_respecting_write_alone_does_not_see_shadow_stacks():
    """4.5, trap: mkclean() runs first and erases D."""
    entries = [x86(f"{RO} D", 0x200), x86(RO, 0x201)]
    assert batch("x86_64", entries, FPB_RESPECT_WRITE, shstk=True)[0] == 2
    assert batch("x86_64", entries, FPB_RESPECT_WRITE | FPB_RESPECT_DIRTY, shstk=True)[0] == 1


@pytest.mark.parametrize(
    ("flags", "merged"),
    [
        (0, ""),
        (FPB_MERGE_WRITE, "W"),
        (FPB_MERGE_YOUNG_DIRTY, "DA"),
        (FPB_MERGE_WRITE | FPB_MERGE_YOUNG_DIRTY, "WDA"),
    ],
)
@pytest.mark.parametrize("arch", ARCHES)
def test_merge_changes_the_callers_copy(arch, flags, merged):
    entries = [page(arch, 0x200 + i, other) for i, other in enumerate(["", "W", "A", "D"])]
    assert batch(arch, entries, flags) == (4, page(arch, 0x200, merged))


@pytest.mark.parametrize("arch", ARCHES)
def test_what_lies_behind_the_batch_is_not_merged(arch):
    entries = [page(arch, 0x200), page(arch, 0x201), page(arch, 0x203, "WDA")]
    assert batch(arch, entries, FPB_MERGE_WRITE | FPB_MERGE_YOUNG_DIRTY) == (2, entries[0])


@pytest.mark.parametrize("flags", [FPB_RESPECT_WRITE, FPB_MERGE_YOUNG_DIRTY, FPB_MERGE_WRITE])
def test_merging_write_takes_a_vma(flags):
    """mm/internal.h: "The VMA. Only relevant with FPB_MERGE_WRITE, otherwise can be NULL"; pte_mkwrite() reads it."""
    entries = [page("x86_64", 0x200 + i) for i in range(4)]
    k = kernel("x86_64", dict(enumerate(entries)), folios=(FOLIO,))
    k.folio_pte_batch_flags(FOLIO, None, o(k, 0), entries[0], 4, flags)
    assert bool(k.violations) is (flags == FPB_MERGE_WRITE)
