# SPDX-License-Identifier: GPL-2.0-only
"""Everything a run starts from. Plain immutable values, JSON both ways.

A page table starts at a virtual address that is a multiple of ptrs_per_pte pages. The ranges that the function under
review is called on lie in the tables, several of them in one table where their addresses lie under one PMD.
"""

from bisect import bisect_right
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from pte_review.models.actions import Action
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.call import Call
from pte_review.models.codec import to_json
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.tables import Places, Range, Table
from pte_review.models.vma import Vma

PageRanges = tuple[tuple[int, int], ...]  # (first page, end page) inside a folio


def page_ranges(numbers: set[int]) -> PageRanges:
    """The numbers as ascending (first, end) ranges."""
    result: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if result and result[-1][1] == number:
            result[-1] = (result[-1][0], number + 1)
        else:
            result.append((number, number + 1))
    return tuple(result)


@dataclass(frozen=True, slots=True)
class Folio:
    """A folio of 1 << order pages from `pfn` on. `exclusive` and `shared` are ranges of its pages.

    The rest is what NUMA balancing asks: its memory node, and why it may not be migrated.
    """

    pfn: int
    order: int = 0
    anon: bool = True
    exclusive: PageRanges = ()  # PageAnonExclusive
    shared: PageRanges = ()  # pages that another process maps as well
    nid: int = 0
    ksm: bool = False
    pinned: bool = False  # folio_maybe_dma_pinned()
    dirty: bool = False  # the folio's own flag, which a file's has
    device: bool = False  # folio_is_zone_device()

    @property
    def end(self) -> int:
        """The first PFN behind the folio."""
        return self.pfn + (1 << self.order)

    def is_exclusive(self, pfn: int) -> bool:
        return any(first <= pfn - self.pfn < end for first, end in self.exclusive)

    def is_shared(self, pfn: int) -> bool:
        return any(first <= pfn - self.pfn < end for first, end in self.shared)


ORDINARY_VMA = Vma()
ORDINARY_CONFIG = Config()


@dataclass(frozen=True, repr=False)
class Scenario:
    """One call of a function under review: page tables, the ranges it works on, and what the caller adds."""

    arch: str
    tables: tuple[Table, ...]
    ranges: tuple[Range, ...]
    call: Call
    folios: tuple[Folio, ...] = ()
    vmas: tuple[Vma, ...] = (ORDINARY_VMA,)
    config: Config = ORDINARY_CONFIG
    actions: tuple[Action, ...] = ()  # what others do meanwhile

    @cached_property
    def words(self) -> PteWords:
        return words(self.arch, self.config)

    @cached_property
    def places(self) -> Places:
        """Where entries lie."""
        mms = [self.vmas[table.vma].vm_mm for table in self.tables]
        return Places(self.tables, self.ranges, mms, self.config.ptrs_per_pte)

    @cached_property
    def whole_tables(self) -> tuple[tuple[int, ...], ...]:
        """All raw values of each table."""
        return tuple(table.whole(self.config.ptrs_per_pte) for table in self.tables)

    @cached_property
    def memory(self) -> list[int | None]:
        """What a run finds, by ptep: the entries of the tables, None in the gaps between them. To be copied."""
        gap: list[int | None] = [None] * self.config.ptrs_per_pte
        memory = gap.copy()
        for table in self.whole_tables:
            memory += [*table, *gap]
        return memory

    @cached_property
    def memo(self) -> dict[tuple[Any, ...], Any]:
        """What else has been worked out of the scenario, for the next who needs it."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: the fields alone."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def vma(self) -> Vma:
        """The first VMA, of most functions the only one."""
        return self.vmas[0]

    @property
    def nr(self) -> int:
        """Entries of the longest range."""
        return max(where.nr for where in self.ranges)

    @property
    def real_blocks(self) -> bool:
        """Whether contpte blocks are as large as those of kernels with 4K pages; true where there are none."""
        return not self.words.CONT or self.config.cont_ptes == ORDINARY_CONFIG.cont_ptes

    @property
    def table_bytes(self) -> int:
        """Bytes of virtual memory that one page table maps."""
        return self.config.ptrs_per_pte << PAGE_SHIFT

    def address(self, where: Range) -> int:
        """The virtual address of the first entry of a range."""
        return self.tables[where.table].base + (where.first << PAGE_SHIFT)

    @cached_property
    def _folio_starts(self) -> list[int]:
        return [folio.pfn for folio in self.folios]

    def folio_of(self, pfn: int) -> Folio | None:
        """The folio that page frame `pfn` belongs to, if the scenario has one."""
        at = bisect_right(self._folio_starts, pfn) - 1
        if at >= 0 and pfn < self.folios[at].end:
            return self.folios[at]
        return None

    def to_json(self) -> dict[str, Any]:
        """The JSON object; fields that hold their default are left out."""
        data: dict[str, Any] = to_json(self)
        return data

    def __repr__(self) -> str:
        """Code that makes it again, as short as the scenario is simple."""
        return f"scenario_from_json({self.to_json()!r}, {type(self.call).__name__})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For Hypothesis and IPython, which print a dataclass field by field otherwise."""
        printer.text(repr(self))
