# SPDX-License-Identifier: GPL-2.0-only
"""What ptep_get() says of an entry: E(), accessed and dirty gathered over a contpte block, without CONT.

Whole tables are compared in this form. It makes no access of the machine.
"""

from collections.abc import Sequence

from pte_review.models.arch.arm64 import DIRTY as ARM64_DIRTY
from pte_review.models.arch.arm64 import RDONLY, VALID, WRITE
from pte_review.models.arch.word import PteWords


def gathered(words: PteWords, table: Sequence[int], index: int) -> int:
    """E() of the entry at `index`."""
    return gathered_range(words, table, index, 1)[0]


def gathered_range(words: PteWords, table: Sequence[int], first: int, nr: int) -> list[int]:
    """E() of `nr` entries from `first` on: without CONT, accessed and dirty of their contpte blocks merged in.

    An arm64 entry that is dirty in hardware comes without the software bit, which says no more.
    """
    if not words.CONT:
        return list(table[first : first + nr])
    block = words.config.cont_ptes
    live = words.CONT | words.VALID if words.config.contpte else 0
    known: dict[int, tuple[bool, bool]] = {}
    result = []
    for index in range(first, first + nr):
        pte = table[index]
        if live and pte & live == live and not (words.pte_young(pte) and words.pte_dirty(pte)):
            at = index & -block
            if at not in known:
                others = table[at : at + block]
                known[at] = any(map(words.pte_young, others)), any(map(words.pte_dirty, others))
            young, dirty = known[at]
            pte = words.pte_mkyoung(pte) if young else pte
            pte = words.pte_mkdirty(pte) if dirty else pte
        result.append(as_read(words, pte))
    return result


def as_read(words: PteWords, pte: int) -> int:
    """A single entry in the form of E()."""
    if not words.CONT:
        return pte
    if pte & words.CONT and words.pte_present(pte):  # a swap entry's payload has the bit too
        pte &= ~words.CONT
    return pte & ~ARM64_DIRTY if pte & (WRITE | RDONLY | VALID) == WRITE | VALID else pte
