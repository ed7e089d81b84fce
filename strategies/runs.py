# SPDX-License-Identifier: GPL-2.0-only
"""Runs of entries, the way page tables come to be: pages of one folio mapped alike, a few of them changed since.

A run is drawn as one byte string. Entries are appended to a Layout, which hands out page frames and swap slots so
that nothing is mapped twice.
"""

from dataclasses import dataclass, field

from models.arch.word import (
    PTE_MARKER_GUARD,
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_DEVICE_EXCLUSIVE,
    SWP_DEVICE_READ,
    SWP_DEVICE_WRITE,
    SWP_HWPOISON,
    SWP_MIGRATION_READ,
    SWP_MIGRATION_READ_EXCLUSIVE,
    SWP_MIGRATION_WRITE,
    SWP_PTE_MARKER,
    PteWords,
)
from models.machine.page_table_check import SWAP_CACHED_WRITABLE
from models.scenario import Folio, Vma, ranges
from strategies.choices import Choices

RUN_BYTES = 30
ANON_ORDERS = (2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 9)
FILE_ORDERS = (2, 2, 2, 1, 1, 3, 4, 4, 5, 9)
KINDS = ("folio",) * 10 + ("small",) * 2 + ("hole",) * 2 + ("non-present",) * 6 + ("special",) * 2
SWAP_TYPES = (
    0, SWP_PTE_MARKER, SWP_PTE_MARKER, SWP_PTE_MARKER, SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE,
    SWP_MIGRATION_WRITE, SWP_HWPOISON, SWP_DEVICE_READ, SWP_DEVICE_WRITE, SWP_DEVICE_EXCLUSIVE, 5,
)  # fmt: skip
STRAY_AD = {"x86_64": (0, 0, 0x20, 0x40, 0x60), "arm64": (0,)}  # what hardware may leave in a none entry


@dataclass(frozen=True, slots=True)
class Bits:
    """What a present entry says, before it is put into a word. uffd-wp and PROT_NONE take the write bit away."""

    write: bool = False
    dirty: bool = False
    young: bool = False
    soft_dirty: bool = False
    uffd_wp: bool = False
    prot_none: bool = False


CHANGES = ("write", "dirty", "young", "soft_dirty", "uffd_wp", "prot_none", "hole", "non-present", "write", "write")


def word(words: PteWords, vma: Vma, pfn: int, bits: Bits, *, special: bool = False) -> int:
    """The present entry that maps `pfn` as `bits` say, in the canonical form of its architecture."""
    pte = words.pfn_pte(pfn, words.PROT_NONE if bits.prot_none else words.PROT_USER)
    if special:
        pte = words.pte_mkspecial(pte)
    if bits.young:
        pte = words.pte_mkyoung(pte)
    if bits.write and not bits.prot_none:
        pte = words.pte_mkwrite(pte, vma)
    if bits.dirty and not (vma.shadow_stack and words.pte_write(pte)):
        pte = words.pte_clear_soft_dirty(words.pte_mkdirty(pte))
    if bits.soft_dirty:
        pte = words.pte_mksoft_dirty(pte)
    return words.pte_mkuffd_wp(pte) if bits.uffd_wp and vma.uffd else pte


@dataclass
class Layout:
    """A stretch of a page table being filled: `entries` from `start` on, and what they refer to."""

    words: PteWords
    vma: Vma
    room: int  # entries that still fit
    start: int = 0  # entry index of the first
    entries: list[int] = field(default_factory=list)
    folios: list[Folio] = field(default_factory=list)
    next_pfn: int = 0x100
    next_slot: int = 0x10

    def add_run(self, choices: Choices) -> None:
        """Append the run that `choices` describe, if any; the first is always there."""
        absent = not choices.chance(60)
        if absent and self.entries:
            return
        kind = choices.pick(KINDS)
        if self.vma.pfnmap and kind in ("folio", "small"):
            kind = "special"
        if kind == "folio":
            self._add_folio(choices)
        elif kind == "small":
            self._add_small(choices)
        elif kind == "hole":
            self._extend([choices.pick(STRAY_AD[self.words.arch]) for _ in range(1 + choices.below(3))])
        elif kind == "non-present":
            self._extend(self._non_present(choices, 1 + choices.pick((0, 0, 0, 1, 2))))
        else:
            self._add_special(choices)

    def _extend(self, entries: list[int]) -> None:
        self.entries += entries[: self.room]
        self.room -= min(len(entries), self.room)

    # -- present entries

    def _bits(self, choices: Choices, *, may_write: bool) -> Bits:
        flags = choices.below(32)
        return Bits(
            write=may_write and not flags & 1,
            dirty=bool(flags & 2),
            young=bool(flags & 4),
            soft_dirty=bool(flags & 8),
            uffd_wp=bool(flags & 16) and choices.chance(60),
            prot_none=choices.chance(7),
        )

    def _folio_kind(self, choices: Choices) -> bool:
        """Whether the next folio is anon."""
        return self.vma.anon_vma and (not self.vma.vm_file or choices.chance(50))

    def _add_folio(self, choices: Choices) -> None:
        """A large folio, mapped whole or in part, with up to three of its entries changed."""
        anon = self._folio_kind(choices)
        order = choices.pick(ANON_ORDERS if anon else FILE_ORDERS)
        size = 1 << order
        pfn = (self.next_pfn + size - 1) & -size
        first = choices.pick((0, 0, 0, 1, size // 2, size - 1))
        if not self.entries:
            # Folios are mapped at addresses aligned like their pages, until an mremap() moves them elsewhere.
            start = first + choices.pick((0, 0, 0, 0, 0, 1, size // 2)) + size * choices.below(3)
            self.start = start if start < self.room else start % min(size, self.room)
            self.room -= self.start
        count = choices.pick((size, size, 2, 3, size // 2, 5)) if size <= 32 else choices.pick((18, 40, 3, size, 100))
        count = max(1, min(count, size - first, self.room))
        may_write = anon or not self.vma.anon_vma
        bits = [self._bits(choices, may_write=may_write)] * count
        changed = self._change(choices, bits, may_write=may_write)
        entries = [
            changed.get(i, 0) if i in changed else word(self.words, self.vma, pfn + first + i, b)
            for i, b in enumerate(bits)
        ]
        self._add_folio_record(choices, pfn, order, first, entries, anon=anon)
        self._extend(entries)

    def _change(self, choices: Choices, bits: list[Bits], *, may_write: bool) -> dict[int, int]:
        """Change single entries of `bits`, or all from one on; returns entries that are not present any more."""
        gone: dict[int, int] = {}
        for _ in range(choices.pick((1, 0, 1, 1, 2, 3))):
            what = choices.pick(CHANGES)
            at = choices.wide(len(bits))
            span = choices.pick((1, 1, len(bits), self.words.config.cont_ptes))
            for i in range(at, min(at + span, len(bits))):
                if what == "hole":
                    gone[i] = 0
                elif what == "non-present":
                    if i == at:
                        gone[i] = self._non_present(choices, 1)[0]
                elif what != "write" or may_write:
                    bits[i] = _flipped(bits[i], what)
        return gone

    def _add_folio_record(
        self, choices: Choices, pfn: int, order: int, first: int, entries: list[int], *, anon: bool
    ) -> None:
        """Writable pages of an anon folio are AnonExclusive; the others are too, or may be shared after a fork."""
        self.next_pfn = pfn + (1 << order)
        if not anon:
            self.folios.append(Folio(pfn, order, anon=False))
            return
        writable = {i for i, pte in enumerate(entries) if self.words.pte_present(pte) and self.words.pte_write(pte)}
        pages, written = {first + i for i in range(len(entries))}, {first + i for i in writable}
        if choices.chance(35):
            self.folios.append(Folio(pfn, order, exclusive=ranges(pages)))
        else:
            shared = ranges(pages - written) if choices.chance(50) else ()
            self.folios.append(Folio(pfn, order, exclusive=ranges(written), shared=shared))

    def _add_small(self, choices: Choices) -> None:
        """Order-0 folios, some adjacent in PFN to each other or to a large neighbour."""
        for _ in range(1 + choices.below(4)):
            anon = self._folio_kind(choices)
            pfn = self.next_pfn + choices.pick((0, 0, 0, 3))
            pte = word(self.words, self.vma, pfn, self._bits(choices, may_write=anon or not self.vma.anon_vma))
            exclusive = ((0, 1),) if anon and self.words.pte_write(pte) else ()
            self.folios.append(Folio(pfn, 0, anon=anon, exclusive=exclusive))
            self.next_pfn = pfn + 1
            self._extend([pte])

    def _add_special(self, choices: Choices) -> None:
        """Zero pages; in a PFNMAP or MIXEDMAP VMA a run of device memory."""
        bits = self._bits(choices, may_write=False)
        if self.vma.pfnmap or self.vma.mixedmap:
            count = 1 + choices.below(6)
            pfns = range(self.next_pfn, self.next_pfn + count)
            self.next_pfn += count
        else:
            pfns = range(self.words.config.zero_pfn, self.words.config.zero_pfn + 1)
        self._extend([word(self.words, self.vma, pfn, bits, special=True) for pfn in pfns])

    # -- non-present entries

    def _non_present(self, choices: Choices, count: int) -> list[int]:
        """`count` entries of one kind: consecutive swap slots or pages, or the same marker."""
        type_ = choices.pick(SWAP_TYPES)
        flags = choices.below(16)
        if type_ == SWP_PTE_MARKER:
            return [self._marker(choices, flags)] * count
        result = []
        for _ in range(count):
            self.next_slot += 1
            pte = self.words.swp_entry_to_pte(type_, self._payload(choices, type_))
            if flags & 1:
                pte |= self.words.SWP_EXCLUSIVE
            if flags & 2:
                pte = self.words.pte_swp_mksoft_dirty(pte)
            if flags & 4 and self.vma.uffd and type_ not in SWAP_CACHED_WRITABLE:
                pte |= self.words.SWP_UFFD_WP
            result.append(pte)
        return result

    def _payload(self, choices: Choices, type_: int) -> int:
        """Swap slot or PFN; a migration entry may carry accessed and dirty above its PFN."""
        if type_ in (SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE):
            return (0x80000 + self.next_slot) | choices.below(4) << self.words.SWP_PFN_BITS
        return self.next_slot

    def _marker(self, choices: Choices, flags: int) -> int:
        uffd_wp = self.vma.uffd and self.words.config.pte_marker_uffd_wp
        marker = choices.pick((PTE_MARKER_UFFD_WP,) * 3 + (PTE_MARKER_GUARD, PTE_MARKER_POISONED))
        if marker == PTE_MARKER_UFFD_WP and not uffd_wp:
            marker = PTE_MARKER_GUARD
        pte = self.words.swp_entry_to_pte(SWP_PTE_MARKER, marker)
        return self.words.pte_swp_mksoft_dirty(pte) if flags & 2 else pte


def _flipped(bits: Bits, name: str) -> Bits:
    values = {field: getattr(bits, field) for field in Bits.__slots__}
    return Bits(**{**values, name: not values[name]})
