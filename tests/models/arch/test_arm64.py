# SPDX-License-Identifier: GPL-2.0-only
"""The arm64 word against the bit tables of arch/arm64: every literal is computed by hand."""

import pytest

from pte_review.models.arch import words
from pte_review.models.arch.arm64 import Arm64
from pte_review.models.config import Config
from pte_review.models.vma import Vma
from tests.kit.build import arm, page

W = Arm64(Config())

# VALID|TYPE=3 USER=0x40 RDONLY=0x80 SH=0x300 nG=0x800 PXN|UXN=0x60<<48, pfn 0x100
CLEAN_RO = 0x0060_0000_0010_0BC3
CLEAN_RW = 0x0068_0000_0010_0BC3  # WRITE is bit 51
DIRTY_RO = 0x00E0_0000_0010_0BC3  # DIRTY is bit 55
DIRTY_HW = 0x0068_0000_0010_0B43  # WRITE and RDONLY=0
DIRTY_RW = 0x00E8_0000_0010_0B43
PAGE_NONE = 0x0060_0000_0010_0B82  # VALID=0 PRESENT_INVALID=1 RDONLY PXN UXN, USER=0
EXEC_ONLY = 0x0020_0000_0010_0B83  # VALID, neither USER nor UXN
KERNEL = 0x0060_0000_0010_0B83  # VALID, UXN, not USER


def test_the_builder_agrees_with_the_literals():
    sh = 0x300
    names = "VALID TYPE USER RDONLY nG PXN UXN"
    assert arm(names, 0x100) | sh == CLEAN_RO
    built = [page("arm64", 0x100, flags) | sh for flags in ("", "W", "D", "WD", "N")]
    assert built == [CLEAN_RO, CLEAN_RW, DIRTY_RO, DIRTY_RW, PAGE_NONE]


@pytest.mark.parametrize(
    ("pte", "none", "present", "valid", "protnone", "user"),
    [  # 1.1; user-accessible is valid and (USER or not UXN) (7)
        (0, True, False, False, False, False),
        (0x20, False, False, False, False, False),  # none is the raw 0 alone
        (1 << 63, False, False, False, False, False),
        (CLEAN_RO, False, True, True, False, True),
        (PAGE_NONE, False, True, False, True, False),
        (PAGE_NONE | 0x40, False, True, False, False, False),  # USER: not PROT_NONE
        (PAGE_NONE & ~(1 << 54), False, True, False, False, False),  # not UXN: executable, not PROT_NONE
        (EXEC_ONLY, False, True, True, False, True),
        (KERNEL, False, True, True, False, False),
        (0x0010_0000_0010_0040, False, False, False, False, False),
    ],
)
def test_kind(pte, none, present, valid, protnone, user):
    assert W.pte_none(pte) is none
    assert W.pte_present(pte) is present
    assert W.pte_valid(pte) is valid
    assert W.pte_protnone(pte) is protnone
    assert W.pte_user_accessible_page(pte) is user
    assert W.is_swap_pte(pte) is (not none and not present)


@pytest.mark.parametrize(
    ("pte", "write", "hw_dirty", "dirty"),
    [  # 2.2, canonical states
        (CLEAN_RO, False, False, False),
        (CLEAN_RW, True, False, False),
        (DIRTY_RO, False, False, True),
        (DIRTY_HW, True, True, True),
        (DIRTY_RW, True, True, True),
        (CLEAN_RO & ~0x80, False, False, False),  # RDONLY=0 without WRITE is not dirty
    ],
)
def test_write_and_dirty(pte, write, hw_dirty, dirty):
    assert (W.pte_write(pte), W.pte_hw_dirty(pte), W.pte_dirty(pte)) == (write, hw_dirty, dirty)


@pytest.mark.parametrize(
    ("op", "before", "after"),
    [  # 2.2, row by row
        ("pte_mkclean", DIRTY_RW, CLEAN_RW),
        ("pte_mkclean", DIRTY_HW, CLEAN_RW),
        ("pte_mkclean", DIRTY_RO, CLEAN_RO),
        ("pte_mkclean", CLEAN_RO, CLEAN_RO),
        ("pte_mkdirty", CLEAN_RO, DIRTY_RO),  # without WRITE, RDONLY stays
        ("pte_mkdirty", CLEAN_RW, DIRTY_RW),
        ("pte_mkdirty", DIRTY_HW, DIRTY_RW),
        ("pte_wrprotect", CLEAN_RW, CLEAN_RO),
        ("pte_wrprotect", DIRTY_HW, DIRTY_RO),  # hardware dirty is kept in software
        ("pte_wrprotect", DIRTY_RO, DIRTY_RO),
        ("pte_wrprotect", CLEAN_RO, CLEAN_RO),
        ("pte_mkwrite_novma", CLEAN_RO, CLEAN_RW),
        ("pte_mkwrite_novma", DIRTY_RO, DIRTY_RW),
        ("pte_mkyoung", CLEAN_RO, 0x0060_0000_0010_0FC3),
        ("pte_mkold", 0x0060_0000_0010_0FC3, CLEAN_RO),
        ("pte_mkuffd_wp", CLEAN_RW, 0x0460_0000_0010_0BC3),
        ("pte_mkuffd_wp", DIRTY_HW, 0x04E0_0000_0010_0BC3),
        ("pte_clear_uffd_wp", 0x0460_0000_0010_0BC3, CLEAN_RO),  # WRITE is not restored
        ("pte_clear_uffd_wp", 0x0468_0000_0010_0BC3, CLEAN_RW),
        ("pte_mkcont", CLEAN_RO, 0x0070_0000_0010_0BC3),
        ("pte_mkcont", PAGE_NONE, 0x0070_0000_0010_0B82),  # 0.1: not made valid since v6.13
        ("pte_mknoncont", 0x0070_0000_0010_0BC3, CLEAN_RO),
        ("pte_mkspecial", CLEAN_RO, 0x0160_0000_0010_0BC3),
        ("pte_mksoft_dirty", CLEAN_RO, CLEAN_RO),  # no soft-dirty bit
        ("pte_clear_soft_dirty", 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
    ],
)
def test_setters(op, before, after):
    assert hex(getattr(W, op)(before)) == hex(after)


def test_pte_mkwrite_looks_at_no_vma():
    assert W.pte_mkwrite(DIRTY_RO, Vma(shadow_stack=True)) == DIRTY_RW


@pytest.mark.parametrize(
    ("pte", "true"),
    [
        (CLEAN_RO, ""),
        (CLEAN_RO | 0x400, "young"),
        (CLEAN_RO | 1 << 56, "special"),
        (CLEAN_RO | 1 << 58, "uffd_wp"),
        (CLEAN_RO | 1 << 52, "cont valid_cont"),
        (PAGE_NONE | 1 << 52, "cont"),  # CONT of an invalid entry means nothing
    ],
)
def test_predicates(pte, true):
    names = ("young", "special", "uffd_wp", "soft_dirty", "cont", "valid_cont")
    assert [name for name in names if getattr(W, f"pte_{name}")(pte)] == true.split()


def test_uffd_wp_is_a_stub_without_the_config():
    stub = words("arm64", Config(uffd_wp=False, pte_marker_uffd_wp=False))
    assert stub.pte_mkuffd_wp(CLEAN_RW) == CLEAN_RW  # 3
    assert stub.pte_clear_uffd_wp(CLEAN_RW | 1 << 58) == CLEAN_RW | 1 << 58
    assert not stub.pte_uffd_wp(CLEAN_RW | 1 << 58)


def test_pfn():
    assert W.pte_pfn(CLEAN_RO) == 0x100
    assert W.pte_pfn(0xFFFF_FFFF_FFFF_FFFF) == 0x3F_FFFF_FFFF  # bits 12-49
    assert W.pte_pgprot(DIRTY_RW) == 0x00E8_0000_0000_0B43
    assert W.pfn_pte(0x100, 0x0060_0000_0000_0B82) == PAGE_NONE  # nothing is inverted
    assert W.pte_advance_pfn(PAGE_NONE, 2) == 0x0060_0000_0010_2B82  # 3.3
    assert W.pte_advance_pfn(0x0013_FFFF_FFFF_F003, 1) == 0x0014_0000_0000_0003  # bit 50 is set, CONT stays: no sum


@pytest.mark.parametrize(
    ("cont_ptes", "index", "pte", "hint"),
    [  # 4.4: CONT_PTES less the index in the aligned block
        (16, 0, CLEAN_RO | 1 << 52, 16),
        (16, 5, CLEAN_RO | 1 << 52, 11),
        (16, 15, CLEAN_RO | 1 << 52, 1),
        (16, 16, CLEAN_RO | 1 << 52, 16),
        (32, 5, CLEAN_RO | 1 << 52, 27),
        (16, 0, CLEAN_RO, 1),
        (16, 0, PAGE_NONE | 1 << 52, 1),  # not valid
        (16, 0, 0, 1),
    ],
)
def test_pte_batch_hint(cont_ptes, index, pte, hint):
    assert Arm64(Config(cont_ptes=cont_ptes)).pte_batch_hint(512 + index, pte) == hint
