# SPDX-License-Identifier: GPL-2.0-only
"""The x86_64 word against the bit tables of arch/x86: every literal is computed by hand."""

import pytest

from pte_review.models.arch import words
from pte_review.models.config import Config
from pte_review.models.vma import Vma
from tests.kit.build import page, x86

W = words("x86_64", Config(mem_soft_dirty=True))
PLAIN = words("x86_64", Config())
SHSTK = words("x86_64", Config(shstk=True))
ORDINARY, SHADOW_STACK = Vma(), Vma(shadow_stack=True)

# P=1 US=4, pfn 0x100, NX: an ordinary read-only page
RO, RW = 0x8000_0000_0010_0005, 0x8000_0000_0010_0007
RW_DIRTY = 0x8000_0000_0010_0047
SAVED = 0x8400_0000_0010_0005  # SAVED_DIRTY is bit 58
SHADOW = 0x8000_0000_0010_0045  # RW=0 and D=1
PROT_NONE = 0x000F_FFFF_FFEF_F100  # pfn 0x100 inverted


def test_the_builder_agrees_with_the_literals():
    built = [x86("P US NX", 0x100), page("x86_64", 0x100, "W"), page("x86_64", 0x100, "WD"), page("x86_64", 0x100, "D")]
    assert built == [RO, RW, RW_DIRTY, SAVED]
    assert (x86("P US D NX", 0x100), page("x86_64", 0x100, "N")) == (SHADOW, PROT_NONE)


@pytest.mark.parametrize(
    ("pte", "none", "present", "valid", "protnone", "user"),
    [  # 1.1; user-accessible is P and US (7)
        (0, True, False, False, False, False),
        (0x20, True, False, False, False, False),  # stray A (KNL erratum)
        (0x40, True, False, False, False, False),  # stray D
        (0x60, True, False, False, False, False),
        (0x02, False, False, False, False, False),  # any other bit makes it an entry
        (0x80, False, False, False, False, False),
        (0x0800_0000_0000_0000, False, False, False, False, False),
        (RO, False, True, True, False, True),
        (0x001, False, True, True, False, False),  # a kernel page: no US
        (0x105, False, True, True, False, True),  # bit 8 is GLOBAL where P is set
        (PROT_NONE, False, True, False, True, False),
        (PROT_NONE | 4, False, True, False, True, False),
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
    ("words_", "op", "before", "after"),
    [  # 2.1, row by row
        (W, "pte_mkdirty", RW, 0x8000_0000_0010_0847),
        (W, "pte_mkdirty", RO, 0x8400_0000_0010_0805),  # RW=0: D moves to SAVED_DIRTY
        (W, "pte_mkdirty", SHADOW, 0x8400_0000_0010_0805),  # loses shadow-stack-ness
        (SHSTK, "pte_mkdirty", SHADOW, SAVED),  # the shift depends on RW only, not on the CPU
        (PLAIN, "pte_mkdirty", RO, SAVED),  # no soft-dirty bit without MEM_SOFT_DIRTY
        (PLAIN, "pte_mkdirty", RW, RW_DIRTY),
        (W, "pte_mkclean", RW_DIRTY, RW),
        (W, "pte_mkclean", SAVED, RO),
        (W, "pte_mkclean", SHADOW, RO),
        (W, "pte_mkclean", 0x8000_0000_0010_0847, 0x8000_0000_0010_0807),  # soft-dirty stays
        (W, "pte_mkyoung", RO, 0x8000_0000_0010_0025),
        (W, "pte_mkold", 0x8000_0000_0010_0067, RW_DIRTY),
        (W, "pte_wrprotect", RW, RO),
        (W, "pte_wrprotect", RW_DIRTY, SAVED),
        (W, "pte_wrprotect", SHADOW, SAVED),
        (W, "pte_wrprotect", RO, RO),
        (W, "pte_mkwrite_novma", SAVED, 0x8400_0000_0010_0007),  # RW=1 only
        (W, "pte_mkuffd_wp", RW, 0x8000_0000_0010_0405),
        (W, "pte_mkuffd_wp", RW_DIRTY, 0x8400_0000_0010_0405),
        (W, "pte_clear_uffd_wp", 0x8000_0000_0010_0405, RO),  # RW is not restored
        (W, "pte_clear_uffd_wp", 0x8000_0000_0010_0407, RW),
        (W, "pte_mksoft_dirty", RO, 0x8000_0000_0010_0805),
        (W, "pte_clear_soft_dirty", 0x8000_0000_0010_0805, RO),
        (PLAIN, "pte_mksoft_dirty", RO, RO),
        (PLAIN, "pte_clear_soft_dirty", 0x8000_0000_0010_0805, 0x8000_0000_0010_0805),
        (W, "pte_mkspecial", RO, 0x8000_0000_0010_0205),
    ],
)
def test_setters(words_, op, before, after):
    assert hex(getattr(words_, op)(before)) == hex(after)


@pytest.mark.parametrize(
    ("vma", "before", "after"),
    [  # 2.1 pte_mkwrite
        (ORDINARY, RO, RW),
        (ORDINARY, SAVED, RW_DIRTY),
        (SHADOW_STACK, RO, SHADOW),
        (SHADOW_STACK, RW, SHADOW),
    ],
)
def test_pte_mkwrite(vma, before, after):
    assert hex(W.pte_mkwrite(before, vma)) == hex(after)


@pytest.mark.parametrize(
    ("words_", "pte", "true"),
    [  # 2.1
        (W, RO, ""),
        (W, RW, "write"),
        (W, RW_DIRTY, "write dirty"),
        (W, SAVED, "dirty"),
        (W, SHADOW, "dirty"),  # no shadow stacks: not writable
        (SHSTK, SHADOW, "write dirty"),
        (SHSTK, SAVED, "dirty"),
        (SHSTK, RW_DIRTY, "write dirty"),
        (W, RO | 0x20, "young"),
        (W, RO | 0x200, "special"),
        (W, RO | 0x400, "uffd_wp"),
        (W, RO | 0x800, "soft_dirty"),
        (PLAIN, RO | 0x800, ""),
    ],
)
def test_predicates(words_, pte, true):
    names = ("write", "dirty", "young", "special", "uffd_wp", "soft_dirty")
    assert [name for name in names if getattr(words_, f"pte_{name}")(pte)] == true.split()


def test_uffd_wp_is_a_stub_without_the_config():
    stub = words("x86_64", Config(uffd_wp=False, pte_marker_uffd_wp=False))
    assert stub.pte_mkuffd_wp(RW) == RW  # 3: stubs return their input
    assert stub.pte_clear_uffd_wp(RW | 0x400) == RW | 0x400
    assert not stub.pte_uffd_wp(RW | 0x400)


@pytest.mark.parametrize(
    ("pte", "pfn", "next_"),
    [  # 1.1, 3.3: inverted and counted down where P is clear
        (RO, 0x100, 0x8000_0000_0010_1005),
        (0x000F_FFFF_FFFF_F001, 0xFF_FFFF_FFFF, 0x0010_0000_0000_0001),
        (PROT_NONE, 0x100, 0x000F_FFFF_FFEF_E100),
        (0, 0, 0x1000),  # a raw 0 is not inverted
    ],
)
def test_pfn(pte, pfn, next_):
    assert W.pte_pfn(pte) == pfn
    assert hex(W.pte_advance_pfn(pte, 1)) == hex(next_)


def test_pfn_pte_and_pgprot():
    assert W.pfn_pte(0x100, 0x8000_0000_0000_0005) == RO
    assert W.pfn_pte(0x100, 0x100) == PROT_NONE
    assert (W.pte_pgprot(RO), W.pte_pgprot(PROT_NONE)) == (0x8000_0000_0000_0005, 0x100)
    assert W.pte_advance_pfn(PROT_NONE, 0x10) == W.pfn_pte(0x110, 0x100)


def test_same_is_raw_equality_and_the_rest_is_arm64_only():
    assert W.pte_same(RO, RO)
    assert not W.pte_same(RO, RO | 0x20)
    assert W.move_pte(SHADOW, 0x1000, 0x2000) == SHADOW  # 3: the identity
    assert W.pte_batch_hint(0, RW | 1 << 52) == 1  # 4.4
