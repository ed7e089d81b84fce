# SPDX-License-Identifier: GPL-2.0-only
"""Swap entries of both architectures: kinds, flag bits, markers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pte_review.models.arch import word, words
from pte_review.models.config import Config
from tests.kit.build import ARCHES, page, swap

CONFIGS = {"x86_64": Config(mem_soft_dirty=True), "arm64": Config()}
MUST_BE_ZERO = {"x86_64": 0x1E1, "arm64": 0x803}  # 1.4: bits 0, 5-8; 0, 1, 11


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


@pytest.fixture
def w(arch):
    return words(arch, CONFIGS[arch])


@pytest.mark.parametrize(
    ("arch", "type_", "offset", "pte"),
    [  # 1.4: x86 type 59-63, ~offset 9-58; arm64 type 6-10, offset 12-61
        ("x86_64", 3, 0x1234, 0x1FFF_FFFF_FFDB_9600),
        ("x86_64", 31, 1, 0xFFFF_FFFF_FFFF_FC00),
        ("x86_64", 0, (1 << 50) - 2, 0x0000_0000_0000_0200),
        ("arm64", 3, 0x1234, 0x0000_0000_0123_40C0),
        ("arm64", 31, 1, 0x0000_0000_0000_17C0),
        ("arm64", 0, (1 << 50) - 1, 0x3FFF_FFFF_FFFF_F000),
    ],
)
def test_layout(arch, type_, offset, pte):
    w = words(arch, CONFIGS[arch])
    assert hex(w.swp_entry_to_pte(type_, offset)) == hex(pte) == hex(swap(arch, type_, offset))
    assert (w.swp_type(pte), w.swp_offset(pte)) == (type_, offset)


@pytest.mark.parametrize("arch", ARCHES)
@settings(derandomize=True, max_examples=80)
@given(type_=st.integers(0, 31), offset=st.integers(1, (1 << 40) - 1), flags=st.sets(st.sampled_from(["E", "F"])))
def test_flags_never_influence_the_kind(arch, type_, offset, flags):
    w = words(arch, CONFIGS[arch])
    pte = swap(arch, type_, offset, " ".join(flags))
    assert not pte & MUST_BE_ZERO[arch]
    assert (w.swp_type(pte), w.swp_offset(pte)) == (type_, offset)
    assert w.is_swap_pte(pte)  # 1.1: true for every kind


def test_types_of_v6_16():
    """0.1: one device-exclusive type since v6.15, so everything from hwpoison on moved up."""
    order = ["HWPOISON", "MIGRATION_READ", "MIGRATION_READ_EXCLUSIVE", "MIGRATION_WRITE", "DEVICE_WRITE"]
    order += ["DEVICE_READ", "DEVICE_EXCLUSIVE", "PTE_MARKER"]
    assert [getattr(word, f"SWP_{name}") for name in order] == [24, 25, 26, 27, 28, 29, 30, 31]
    assert word.MAX_SWAPFILES == 24
    assert (word.PTE_MARKER_UFFD_WP, word.PTE_MARKER_POISONED, word.PTE_MARKER_GUARD) == (1, 2, 4)  # 1.2


@pytest.mark.parametrize(("arch", "bits"), [("x86_64", 34), ("arm64", 36)])
def test_swp_pfn_bits(arch, bits):
    assert bits == words(arch, CONFIGS[arch]).SWP_PFN_BITS  # 1.2


@pytest.mark.parametrize(
    ("arch", "soft_dirty", "uffd_wp", "exclusive"),
    [("x86_64", 0x2, 0x4, 0x8), ("arm64", 0, 0x8, 0x4)],  # 1.4
)
def test_flag_bits(arch, soft_dirty, uffd_wp, exclusive):
    w, plain = words(arch, CONFIGS[arch]), swap(arch, 3, 0x1230)
    for bit, predicate in ((soft_dirty, "soft_dirty"), (uffd_wp, "uffd_wp"), (exclusive, "exclusive")):
        flagged = plain | bit
        true = [n for n in ("soft_dirty", "uffd_wp", "exclusive") if getattr(w, f"pte_swp_{n}")(flagged)]
        assert true == ([predicate] if bit else [])
    flagged = plain | uffd_wp | exclusive
    assert w.pte_swp_mksoft_dirty(flagged) == flagged | soft_dirty  # preserves the rest, E included
    assert w.pte_swp_clear_uffd_wp(flagged | soft_dirty) == plain | exclusive | soft_dirty
    assert w.pte_swp_clear_flags(flagged | soft_dirty) == plain


def test_stubs(arch):
    off = words(arch, Config(uffd_wp=False, pte_marker_uffd_wp=False))
    pte = swap(arch, 3, 0x1230, "E F")
    assert off.pte_swp_clear_uffd_wp(pte) == pte  # 3: stubs return their input
    assert off.pte_swp_mksoft_dirty(pte) == pte  # 1.4: x86 mask 0 without MEM_SOFT_DIRTY
    assert not off.pte_swp_soft_dirty(pte | 2)
    assert not off.pte_swp_uffd_wp(pte)


@pytest.mark.parametrize(
    ("type_", "offset", "flags", "expected"),
    [  # 1.3
        (31, 1, "", True),
        (31, 2, "", False),
        (31, 4, "", False),
        (31, 1 | 2, "", True),  # whatever other bits
        (31, 1 | 4, "", True),
        (31, 2 | 4, "", False),
        (31, 1, "E F", True),  # flags are stripped first
        (31, 2, "F", False),  # the swap flag is not the marker
        (3, 1, "F", False),  # a swap slot whose offset looks alike
        (25, 1, "", False),
        (30, 1, "", False),
    ],
)
def test_pte_marker_uffd_wp(w, arch, type_, offset, flags, expected):
    pte = swap(arch, type_, offset, flags)
    assert w.pte_marker_uffd_wp(pte) is expected
    assert not words(arch, Config(pte_marker_uffd_wp=False)).pte_marker_uffd_wp(pte)


def test_no_marker_where_there_is_no_swap_entry(w, arch):
    assert not w.pte_marker_uffd_wp(0)
    assert not w.pte_marker_uffd_wp(page(arch, 1, "U"))  # 1.3: present is false
    # present entries whose type field reads 31: pkey and NX, or USER RDONLY SH AF
    alike = 0xF800_0000_0000_0001 if arch == "x86_64" else 0x17C3
    assert not w.pte_marker_uffd_wp(alike)
