# SPDX-License-Identifier: GPL-2.0-only
"""A stretch of a page table being filled. Hands out page frames and swap slots, so that nothing is mapped twice."""

from dataclasses import dataclass, field

from pte_review.models.arch.word import PteWords
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from pte_review.strategies.absent import draw_absent
from pte_review.strategies.choices import Choices


@dataclass
class Layout:
    """`entries` from entry index `start` on, and the folios they map."""

    words: PteWords
    vma: Vma
    room: int  # entries that still fit
    start: int = 0  # entry index of the first
    entries: list[int] = field(default_factory=list)
    folios: list[Folio] = field(default_factory=list)
    next_pfn: int = 0x100
    next_slot: int = 0x10

    @property
    def at(self) -> int:
        """Entry index of the next entry."""
        return self.start + len(self.entries)

    @property
    def cont_ptes(self) -> int:
        return self.words.config.cont_ptes

    def start_at(self, start: int) -> None:
        """Leave the first `start` entries of the table out, where it has them."""
        self.start = start % self.room
        self.room -= self.start

    def extend(self, entries: list[int]) -> None:
        """Append `entries`, as far as there is room."""
        self.entries += entries[: self.room]
        self.room -= min(len(entries), self.room)

    def absent(self, choices: Choices, count: int) -> list[int]:
        """`count` non-present entries of one kind, that nothing else stands for."""
        slots = range(self.next_slot + 1, self.next_slot + 1 + count)
        self.next_slot += count
        return draw_absent(self.words, self.vma, choices, slots)

    def next_is_anon(self, choices: Choices) -> bool:
        """Whether the next folio is anon: both kinds occur in a private mapping of a file."""
        return (choices.chance(50) or not self.vma.vm_file) and self.vma.anon_vma

    def may_write(self, *, anon: bool) -> bool:
        """Whether an entry may be writable: not where a write has to copy a file's page first."""
        return anon or not self.vma.anon_vma
