# SPDX-License-Identifier: GPL-2.0-only
"""The masks and protections that tools build words from, against the bit tables (2.1, 2.2)."""

import pytest

from pte_review.models.arch import words
from pte_review.models.config import Config

NO_UFFD = Config(uffd_wp=False, pte_marker_uffd_wp=False)


@pytest.mark.parametrize(
    ("arch", "config", "known"),
    [
        ("x86_64", Config(mem_soft_dirty=True), 0xFE0F_FFFF_FFFF_FFFF),  # 0-11, PFN 12-51, 57-63
        ("x86_64", Config(), 0xFE0F_FFFF_FFFF_F7FF),  # no soft-dirty 11
        ("x86_64", NO_UFFD, 0xFE0F_FFFF_FFFF_F3FF),  # no uffd-wp 10
        ("arm64", Config(), 0x77FF_FFFF_FFFF_FFDF),  # 0-4, 6-11, PFN 12-49, 50-58, 60-62
        ("arm64", NO_UFFD, 0x73FF_FFFF_FFFF_FFDF),  # no uffd-wp 58
    ],
)
def test_bits_that_have_a_meaning(arch, config, known):
    assert hex(words(arch, config).known_bits) == hex(known)


@pytest.mark.parametrize(
    ("arch", "name", "value"),
    [
        ("x86_64", "PFN_MASK", 0x000F_FFFF_FFFF_F000),
        ("x86_64", "PROT_USER", 0x8000_0000_0000_0005),  # P US NX
        ("x86_64", "PROT_NONE", 0x0000_0000_0000_0100),
        ("x86_64", "PROT_MASK", 0xFA00_0000_0000_019C),  # US PWT PCD PAT bit 8, DEVMAP PKEY NX
        ("arm64", "PFN_MASK", 0x0003_FFFF_FFFF_F000),
        ("arm64", "PROT_USER", 0x0060_0000_0000_0BC3),  # VALID TYPE USER RDONLY SH nG PXN UXN
        ("arm64", "PROT_NONE", 0x0060_0000_0000_0B82),
        ("arm64", "PROT_MASK", 0x7264_0000_0000_0B5F),  # VALID TYPE ATTR USER SH nG, GP PXN UXN DEVMAP PO
    ],
)
def test_masks(arch, name, value):
    assert hex(getattr(words(arch, Config()), name)) == hex(value)


@pytest.mark.parametrize(
    ("arch", "name", "value"),
    [
        ("x86_64", "PWT", 0x8),
        ("x86_64", "PCD", 0x10),
        ("x86_64", "PAT", 0x80),
        ("x86_64", "DEVMAP", 1 << 57),
        ("x86_64", "PKEY", 0xF << 59),
        ("x86_64", "US", 0x4),
        ("x86_64", "NX", 1 << 63),
        ("arm64", "ATTRINDX", 0x1C),
        ("arm64", "USER", 0x40),
        ("arm64", "SH", 0x300),
        ("arm64", "nG", 0x800),
        ("arm64", "GP", 1 << 50),
        ("arm64", "PXN", 1 << 53),
        ("arm64", "UXN", 1 << 54),
        ("arm64", "DEVMAP", 1 << 57),
        ("arm64", "PO_IDX", 7 << 60),
    ],
)
def test_bit_names(arch, name, value):
    assert words(arch, Config()).BIT_NAMES[name] == value


def test_words_are_those_of_the_arch_and_the_config():
    assert [words(arch, Config()).arch for arch in ("x86_64", "arm64")] == ["x86_64", "arm64"]
    assert words("arm64", Config()) is words("arm64", Config())
