# SPDX-License-Identifier: GPL-2.0-only
"""The pages that a program maps so that its page table equals a scenario's."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from pte_review.models.config import PAGE_SHIFT
from pte_review.models.scenario import ORDINARY_CONFIG, Scenario
from pte_review.models.vma import Vma

NONE, PAGE, ZERO, SWAP = "none", "page", "zero page", "swap"
WP_MARKER, GUARD, POISON = "uffd-wp marker", "guard marker", "poison marker"
REAL_TABLE = ORDINARY_CONFIG.ptrs_per_pte
PMD_ORDER = 9  # a folio that a whole page table maps: the largest that a page fault makes
TABLE_AT = 0x200000000000  # where the first table begins in the program: nothing else is there on any architecture


class NotBuilt(Exception):
    """What of a scenario no system call makes here, in one line."""


@dataclass(frozen=True)
class AreaPage:
    """One page of the area and the entry that its page table has to hold. `number` counts from the area's start."""

    number: int
    label: str  # of the entry, for people
    kind: str
    write: bool = False
    valid: bool = True
    uffd_wp: bool = False
    soft_dirty: bool = False
    anon: bool = True
    exclusive: bool = False  # AnonExclusive


@dataclass(frozen=True)
class AreaFolio:
    """A large folio: the number of the area's page that would map its first page, and its order."""

    first: int
    order: int
    pages: tuple[int, ...]  # numbers of the area's pages that map it

    @property
    def size(self) -> int:
        return 1 << self.order


@dataclass(frozen=True)
class Area:
    """What the program maps. `start` is the index of page 0 in the first table, in the program."""

    scenario: Scenario
    start: int
    size: int
    shift: int  # entries between where a scenario has something and where the program has it
    pages: tuple[AreaPage, ...]
    folios: tuple[AreaFolio, ...]
    asks_exclusive: bool = False  # the call asks whether pages are AnonExclusive

    @property
    def address(self) -> int:
        return TABLE_AT + (self.start << PAGE_SHIFT)

    @property
    def first(self) -> int:
        """The number of the page in slot 0 of the first range."""
        return self.scenario.ranges[0].first + self.shift - self.start

    @property
    def moved(self) -> range:
        """The numbers of the first range's pages."""
        return range(self.first, self.first + self.scenario.ranges[0].nr)

    @property
    def vma(self) -> Vma:
        return self.scenario.vma

    def of(self, *kinds: str) -> list[AreaPage]:
        return [page for page in self.pages if page.kind in kinds]

    @cached_property
    def in_folios(self) -> set[int]:
        """The numbers of the pages that map large folios."""
        return {number for folio in self.folios for number in folio.pages}

    @cached_property
    def soft_dirty_built(self) -> bool:
        """Whether soft-dirty bits are what the scenario says; elsewhere the kernel has none, or hides them."""
        return self.scenario.config.mem_soft_dirty and not self.vma.softdirty

    @cached_property
    def forked(self) -> list[AreaPage]:
        """The pages that another process had too: read-only for that, or not AnonExclusive where the call asks."""
        return [page for page in self.of(PAGE) if page.anon and self._read_only_by_fork(page)]

    def _read_only_by_fork(self, page: AreaPage) -> bool:
        if self.asks_exclusive and not page.write and not self.vma.write:
            return not page.exclusive
        cleared = self.soft_dirty_built and not page.soft_dirty
        return not page.write and not page.uffd_wp and not cleared and self.vma.write

    @property
    def kept(self) -> list[AreaPage]:
        """The pages that nobody else may have, or they would lose write permission."""
        if not self.forked:
            return []
        return [page for page in self.of(PAGE) if page.write or (self.asks_exclusive and page.exclusive)]

    @property
    def prot_none(self) -> bool:
        return any(not page.valid for page in self.pages)

    def readable_under(self, vma: Vma) -> bool:
        """Whether pages can be read after a call that leaves `vma`. One that changes no VMA leaves PROT_NONE."""
        return vma.accessible if vma != self.vma else not self.prot_none


def runs(pages: Iterable[AreaPage | int]) -> list[tuple[int, int]]:
    """(first number, how many) of pages one after the other."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(page if isinstance(page, int) else page.number for page in pages):
        if ranges and sum(ranges[-1]) == number:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((number, 1))
    return ranges
