# SPDX-License-Identifier: GPL-2.0-only
"""Present entries by what they say: write, dirty, ... put into the canonical word of an architecture."""

from functools import lru_cache
from typing import NamedTuple

from pte_review.models.arch.word import PteWords
from pte_review.models.vma import Vma
from pte_review.strategies.choices import Choices


class Bits(NamedTuple):
    """What a present entry says, before it is put into a word. uffd-wp and PROT_NONE take the write bit away."""

    write: bool = False
    dirty: bool = False
    young: bool = False
    soft_dirty: bool = False
    uffd_wp: bool = False
    prot_none: bool = False

    def flipped(self, name: str) -> "Bits":
        """The same but for `name`."""
        return _flipped(self, name)


@lru_cache(maxsize=1 << 9)  # there are 64 of them, and a folio of 512 pages asks for each page
def _flipped(bits: Bits, name: str) -> Bits:
    return bits._replace(**{name: not getattr(bits, name)})


def draw_bits(choices: Choices, *, may_write: bool) -> Bits:
    """Bits of a page, or of all pages of a run; writable ones more often, as memory is there to be written."""
    writes = not choices.chance(25)
    flags = choices.below(16)
    return Bits(
        write=may_write and writes,
        dirty=bool(flags & 1),
        young=bool(flags & 2),
        soft_dirty=bool(flags & 4),
        uffd_wp=choices.chance(40) and bool(flags & 8),
        prot_none=choices.chance(9),
    )


def protection(words: PteWords, vma: Vma, bits: Bits, *, special: bool = False) -> int:
    """The word of an entry that says `bits`, without its page frame."""
    armed = bits.uffd_wp and words.keeps_uffd(vma)
    if armed and "rwp" in vma.uffd_modes:
        bits = bits._replace(prot_none=True)
    pte = words.PROT_NONE if bits.prot_none else words.entry_prot(vma)
    if special:
        pte = words.pte_mkspecial(pte)
    if bits.young:
        pte = words.pte_mkyoung(pte)
    if bits.write and vma.write and words.pte_valid(pte):
        pte = words.pte_mkwrite(pte, vma)
    noticed = words.notices_stores(vma) and words.pte_write(pte)
    if (bits.dirty or noticed) and not (vma.shadow_stack and words.pte_write(pte)):
        pte = words.pte_clear_soft_dirty(words.pte_mkdirty(pte))
    if bits.soft_dirty:
        pte = words.pte_mksoft_dirty(pte)
    return words.pte_mkuffd_wp(pte) if armed else pte


def word(words: PteWords, vma: Vma, pfn: int, bits: Bits, *, special: bool = False) -> int:
    """The present entry that maps `pfn` as `bits` say."""
    return words.pfn_pte(pfn, protection(words, vma, bits, special=special))
