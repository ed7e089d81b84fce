# SPDX-License-Identifier: GPL-2.0-only
"""The values that one entry takes, by name, for one kind of memory in one VMA under one config."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from pte_review.models.arch.word import (
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_WRITE,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
    PteWords,
)
from pte_review.models.vma import Vma
from pte_review.strategies.bits import Bits, protection

FIRST_SWAP_SLOT = 0x10
FIRST_MIGRATING_PFN = 0x8_0000  # above what layouts map
FIRST_DEVICE_PFN = 0x9_0000
MARKERS = {
    "UFFD_WP marker": PTE_MARKER_UFFD_WP,
    "POISONED marker": PTE_MARKER_POISONED,
    "GUARD marker": PTE_MARKER_GUARD,
}

Flags = tuple[bool, bool, bool]  # of a page: write, dirty, young
OFF_ON = (False, True)
ALL: tuple[Flags, ...] = tuple(product(OFF_ON, OFF_ON, OFF_ON))
PAIRWISE = ((False, False, False), (False, True, True), (True, False, True), (True, True, False))
UFFD_WP = ((False, False, False), (False, True, True))
PLAIN = Bits()


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Which values: `present` (write, dirty, young) of pages, each with and without soft-dirty if `soft_dirty`."""

    present: tuple[Flags, ...] = ALL
    soft_dirty: bool = False
    migration: bool = True
    zero_page: bool = False  # in anon memory
    writable_swap: bool = False  # migration and device-private entries of writable pages, where there may be any
    markers: bool = False  # of poisoned and guard pages


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an entry: of a page (`bits`), or what stands for no page (`kind`)."""

    name: str  # as tables print it
    kind: str  # page, none, swap, migration, migration-write, device-write, marker, zero-page
    bits: Bits = PLAIN

    def raw(self, words: PteWords, vma: Vma, pfn: int, slot: int) -> int:
        """The entry in slot `slot` of the range, whose page would be `pfn`."""
        if self.kind == "none":
            return 0
        if self.kind == "page":
            return words.pfn_pte(pfn, protection(words, vma, self.bits))
        if self.kind == "zero-page":
            return words.pfn_pte(words.config.zero_pfn, protection(words, vma, self.bits, special=True))
        if self.kind == "migration":
            pte = words.swp_entry_to_pte(SWP_MIGRATION_READ, FIRST_MIGRATING_PFN + slot)
        elif self.kind == "migration-write":
            pte = words.swp_entry_to_pte(SWP_MIGRATION_WRITE, FIRST_MIGRATING_PFN + slot)
        elif self.kind == "device-write":
            pte = words.swp_entry_to_pte(SWP_DEVICE_WRITE, FIRST_DEVICE_PFN + slot)
        elif self.kind == "marker":
            return words.swp_entry_to_pte(SWP_PTE_MARKER, MARKERS[self.name])
        else:
            pte = words.swp_entry_to_pte(0, FIRST_SWAP_SLOT + slot)
        pte |= words.SWP_UFFD_WP if self.bits.uffd_wp else 0
        return pte | words.SWP_SOFT_DIRTY if self.bits.soft_dirty else pte


def page(write: bool, dirty: bool, young: bool, **others: bool) -> Value:
    """A present page, named by its flags."""
    bits = Bits(write=write, dirty=dirty, young=young, **others)
    flags = [name for name, on in (("W", write), ("D", dirty), ("A", young), ("sd", bits.soft_dirty)) if on]
    flags += ["uffd-wp"] if bits.uffd_wp else []
    flags += ["PROT_NONE"] if bits.prot_none else []
    return Value("+".join(["page", *flags]), "page", bits)


# A page beside the range: what a batch that runs too far would carry in; read-only where it may not be writable.
NEIGHBOUR, READ_ONLY_NEIGHBOUR = page(True, True, True), page(False, True, True)


def values(alphabet: Alphabet, vma: Vma) -> tuple[Value, ...]:
    """The alphabet of one entry in `vma`: uffd-wp only where it has a userfaultfd."""
    return tuple(_values(alphabet, vma))


def _values(alphabet: Alphabet, vma: Vma) -> Iterator[Value]:
    yield Value("none", "none")
    marks = (False, True) if alphabet.soft_dirty else (False,)
    present = [flags for flags in alphabet.present if vma.accessible and (vma.write or not flags[0])]
    yield from (page(*flags, soft_dirty=mark) for flags in present for mark in marks)
    yield page(False, False, False, prot_none=True, soft_dirty=alphabet.soft_dirty)
    if alphabet.zero_page and vma.anon_vma:
        yield Value("zero page", "zero-page")
    for mark in marks:
        yield Value("swap+sd" if mark else "swap", "swap", Bits(soft_dirty=mark))
    if alphabet.migration:
        yield Value("migration", "migration")
    if alphabet.writable_swap and vma.write:
        for mark in marks:
            yield Value("migration+W+sd" if mark else "migration+W", "migration-write", Bits(soft_dirty=mark))
            if vma.anon_vma:
                yield Value("device+W+sd" if mark else "device+W", "device-write", Bits(soft_dirty=mark))
    if alphabet.markers:
        yield from (Value(name, "marker") for name in ("POISONED marker", "GUARD marker"))
    if vma.uffd:
        yield from (page(*flags, uffd_wp=True, soft_dirty=alphabet.soft_dirty) for flags in UFFD_WP)
        yield Value("swap+uffd-wp", "swap", Bits(uffd_wp=True))
        yield Value("UFFD_WP marker", "marker")
