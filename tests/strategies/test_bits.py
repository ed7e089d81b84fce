# SPDX-License-Identifier: GPL-2.0-only
"""The word of a present entry says what its Bits say, in the canonical form of its architecture."""

from itertools import product

import pytest

from pte_review.models.arch import words
from pte_review.models.config import Config
from pte_review.models.vma import Vma
from pte_review.strategies.bits import Bits, draw_bits, protection, word
from pte_review.strategies.choices import Choices
from tests.kit.build import ARCHES, page

ALL = [Bits(*values) for values in product((False, True), repeat=len(Bits._fields))]
CONFIGS = {"x86_64": Config(mem_soft_dirty=True, shstk=True), "arm64": Config()}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("uffd", [False, True])
@pytest.mark.parametrize("bits", ALL)
def test_word_says_what_bits_say(arch, bits, uffd):
    w = words(arch, CONFIGS[arch])
    pte = word(w, Vma(uffd=uffd), 0x123, bits)
    uffd_wp = uffd and bits.uffd_wp
    assert w.pte_present(pte)
    assert w.pte_pfn(pte) == 0x123
    assert w.pte_write(pte) == (bits.write and not bits.prot_none and not uffd_wp)
    assert w.pte_dirty(pte) == bits.dirty
    assert w.pte_young(pte) == bits.young
    assert w.pte_soft_dirty(pte) == (bits.soft_dirty and arch == "x86_64")
    assert w.pte_uffd_wp(pte) == uffd_wp
    assert w.pte_valid(pte) == (not bits.prot_none)
    assert not w.pte_special(pte)
    assert w.pte_special(word(w, Vma(), 0x123, bits, special=True))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("bits", "flags"),
    [
        (Bits(), ""),
        (Bits(write=True), "W"),
        (Bits(write=True, dirty=True, young=True), "WDA"),
        (Bits(dirty=True), "D"),
        (Bits(prot_none=True, write=True), "N"),
    ],
)
def test_canonical_words(arch, bits, flags):
    """The words of the kernel headers; SH, which every arm64 user page has, is left out of page()."""
    shareable = 3 << 8 if arch == "arm64" else 0
    assert word(words(arch, CONFIGS[arch]), Vma(), 0x123, bits) == page(arch, 0x123, flags) | shareable


@pytest.mark.parametrize("bits", ALL)
def test_shadow_stack_entries_stay_writable(bits):
    """Write=0, Dirty=1: making one dirty again would make it an ordinary read-only entry."""
    w = words("x86_64", CONFIGS["x86_64"])
    pte = word(w, Vma(shadow_stack=True), 0x123, bits)
    assert w.pte_shstk(pte) == w.pte_write(pte) == (bits.write and not bits.prot_none)
    assert w.pte_dirty(pte) == (bits.dirty or w.pte_write(pte))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("bits", ALL)
def test_protection_has_no_page_frame(arch, bits):
    w = words(arch, CONFIGS[arch])
    prot = protection(w, Vma(), bits)
    assert not prot & w.PFN_MASK
    assert w.pfn_pte(7, prot) == word(w, Vma(), 7, bits)


@pytest.mark.parametrize("name", Bits._fields)
def test_flipped(name):
    for bits in ALL:
        other = bits.flipped(name)
        assert {each for each in Bits._fields if getattr(bits, each) != getattr(other, each)} == {name}
        assert other.flipped(name) == bits


def test_the_simplest_page_is_writable_and_nothing_else():
    assert draw_bits(Choices(b""), may_write=True) == Bits(write=True)
    assert draw_bits(Choices(b""), may_write=False) == Bits()


def test_every_combination_is_drawn():
    drawn = {
        draw_bits(Choices(bytes(d)), may_write=True) for d in product((0, 255), range(0, 256, 16), (0, 255), (0, 255))
    }
    assert drawn == set(ALL)
