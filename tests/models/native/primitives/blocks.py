# SPDX-License-Identifier: GPL-2.0-only
"""Contpte blocks by hand: a destination block that lacks its last entry, and what may keep it from folding."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pte_review.models.arch.arm64 import CONT, PRESENT_INVALID, SPECIAL, VALID, Arm64
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from tests.models.native.primitives.tables import NEW, OLD, as_v6_12

SIZES = (2, 4, 8, 16)
PFN = 0x400
LOW = "a folio that would begin below address 0"


@dataclass(frozen=True)
class Block:
    """`entries` of an aligned block whose last one is about to be set, over what `last` holds (0: none)."""

    words: Arm64
    entries: list[int]
    folio: Folio
    last: int = 0
    old_addr: int = OLD
    new_addr: int = NEW

    @property
    def size(self) -> int:
        return len(self.entries)

    def with_entry(self, at: int, change: Callable[[int], int]) -> "Block":
        entries = list(self.entries)
        entries[at] = change(entries[at])
        return replace(self, entries=entries)

    def with_each(self, change: Callable[[int], int]) -> "Block":
        return replace(self, entries=[change(pte) for pte in self.entries])

    def scenario(self, *, page_table_check: bool) -> Scenario:
        """Block 1 of the new table; the old table has the last entry at index 0."""
        config = replace(self.words.config, page_table_check=page_table_check)
        table = [*self.entries[:-1], self.last]
        return move(
            "arm64",
            old_addr=self.old_addr,
            new_addr=self.new_addr,
            extent=PAGE_SIZE,
            old_table=((0, self.entries[-1]),),
            new_table=tuple((self.size + i, pte) for i, pte in enumerate(table) if pte),
            folios=(self.folio,),
            config=config,
        )


def foldable(size: int) -> Block:
    """A writable, clean, old block of one folio."""
    config = as_v6_12(Config(cont_ptes=size, ptrs_per_pte=4 * size))
    words = Arm64(config)
    order = size.bit_length()  # twice the block
    folio = Folio(PFN, order, exclusive=((0, 1 << order),))
    prot = words.pte_mkwrite_novma(words.PROT_USER)
    return Block(words, [words.pfn_pte(PFN + size + i, prot) for i in range(size)], folio)


def prot_none(pte: int) -> int:
    return (pte & ~VALID) | PRESENT_INVALID


def variations(size: int) -> dict[str, tuple[Block, bool]]:
    """By name: a block, and whether setting its last entry folds it."""
    block = foldable(size)
    words, order = block.words, block.folio.order
    middle, last = size // 2 - 1, size - 1
    cont = block.with_each(words.pte_mkcont)
    table = {
        "plain": (block, True),
        "read-only": (block.with_each(words.pte_wrprotect), True),
        "cont in the argument": (block.with_entry(last, words.pte_mkcont), True),
        "its folio is just the block": (replace(block, folio=Folio(PFN + size, order - 1)), True),
        "over another entry": (replace(block, last=words.pfn_pte(0x999, words.PROT_USER)), True),
        "over a swap entry": (replace(block, last=words.swp_entry_to_pte(3, 0x77)), True),
        "over a prot-none entry": (replace(block, last=prot_none(block.entries[-1])), True),
        "over a block": (replace(cont, last=cont.entries[-1]), True),
        "over a block, read-only": (
            replace(cont, last=cont.entries[-1]).with_entry(last, words.pte_wrprotect), False,
        ),
        "its folio is smaller": (replace(block, folio=Folio(PFN + size, order - 2)), False),
        "its folio begins in the block": (replace(block, folio=Folio(PFN + size + size // 2, order - 2)), False),
        "without a folio": (replace(block, folio=Folio(0x9000)), False),
        "not congruent": (
            replace(block, entries=[words.pfn_pte(PFN + 1 + i, words.PROT_USER) for i in range(size)]), False,
        ),
        "one block apart": (block.with_entry(middle, lambda pte: words.pte_advance_pfn(pte, size)), size == 1),
        "a page twice": (block.with_entry(middle, lambda pte: words.pte_advance_pfn(pte, 1)), False),
        "a hole": (block.with_entry(middle, lambda pte: 0), False),
        "a swap entry": (block.with_entry(middle, lambda pte: words.swp_entry_to_pte(3, 0x55)), False),
        "a prot-none entry": (block.with_entry(middle, prot_none), False),
        "all prot-none": (block.with_each(prot_none), False),
        "all prot-none with cont": (block.with_each(lambda pte: words.pte_mkcont(prot_none(pte))), False),
        "the last one is prot-none": (block.with_entry(last, prot_none), False),
        "the last one is a swap entry": (block.with_entry(last, lambda pte: words.swp_entry_to_pte(3, 0x55)), False),
        "a special entry": (block.with_entry(middle, lambda pte: pte | SPECIAL), False),
        "all special": (block.with_each(lambda pte: pte | SPECIAL), False),
        "one read-only": (block.with_entry(middle, words.pte_wrprotect), False),
        "the last one read-only": (block.with_entry(last, words.pte_wrprotect), False),
        "one uffd-wp": (block.with_entry(middle, words.pte_mkuffd_wp), False),
        "one executable": (block.with_entry(middle, lambda pte: pte & ~(1 << 54)), False),
        "one cont": (block.with_entry(middle, lambda pte: pte | CONT), False),
        "all but the last cont": (replace(cont, last=0), False),
        "at a low address": (replace(block, old_addr=0, new_addr=4 * size << PAGE_SHIFT), True),
        LOW: (
            replace(
                block,
                entries=[words.pte_advance_pfn(pte, 8 * size) for pte in block.entries],
                folio=Folio(PFN, order + 3),
                old_addr=4 * size << PAGE_SHIFT,
                new_addr=0,
            ),
            False,
        ),
    }  # fmt: skip
    for name, changes in {
        "one young": [(0, words.pte_mkyoung)],
        "one dirty": [(middle, words.pte_mkdirty)],
        "the last one dirty": [(last, words.pte_mkdirty)],
        "young and dirty apart": [(0, words.pte_mkdirty), (last, words.pte_mkyoung)],
        "all young and dirty": [(i, f) for i in range(size) for f in (words.pte_mkyoung, words.pte_mkdirty)],
    }.items():
        changed = block
        for at, change in changes:
            changed = changed.with_entry(at, change)
        table[name] = (changed, True)
        table[f"read-only, {name}"] = (changed.with_each(words.pte_wrprotect), True)
    return table
