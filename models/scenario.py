# SPDX-License-Identifier: GPL-2.0-only
"""Everything a run starts from. Plain immutable values, JSON both ways.

A page table starts at a virtual address that is a multiple of ptrs_per_pte pages. Where old and new address lie
under one PMD there is one table, `old_table`, and `new_table` is empty.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pte_review.models.arch import ARCHES, words
from pte_review.models.arch.word import PteWords
from pte_review.models.codec import SchemaError, from_json, to_json
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.scheduled import ACTORS, ANCHORS, MOST_CPUS, PHASES, UNLOCKED_YET, ScheduledEvent

Entries = tuple[tuple[int, int], ...]  # (entry index in its table, raw value), ascending, none entries left out
Ranges = tuple[tuple[int, int], ...]  # (first page, end page) inside a folio
U64 = (1 << 64) - 1


def ranges(numbers: set[int]) -> Ranges:
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
    """A folio of 1 << order pages from `pfn` on. `exclusive` and `shared` are ranges of its pages."""

    pfn: int
    order: int = 0
    anon: bool = True
    exclusive: Ranges = ()  # PageAnonExclusive
    shared: Ranges = ()  # pages that another process maps as well

    @property
    def end(self) -> int:
        """The first PFN behind the folio."""
        return self.pfn + (1 << self.order)

    def is_exclusive(self, pfn: int) -> bool:
        return any(first <= pfn - self.pfn < end for first, end in self.exclusive)

    def is_shared(self, pfn: int) -> bool:
        return any(first <= pfn - self.pfn < end for first, end in self.shared)


@dataclass(frozen=True, slots=True)
class Vma:
    """What move_ptes() and its primitives look at in a struct vm_area_struct."""

    vm_file: bool = False
    anon_vma: bool = True
    pfnmap: bool = False  # VM_PFNMAP
    mixedmap: bool = False  # VM_MIXEDMAP
    shadow_stack: bool = False  # VM_SHADOW_STACK
    uffd: bool = False  # has a userfaultfd context, of any mode
    uffd_event_remap: bool = False  # the context has UFFD_FEATURE_EVENT_REMAP

    @property
    def vm_mm(self) -> int:
        """The one mm of the machine."""
        return 1


ORDINARY_VMA = Vma()
ORDINARY_CONFIG = Config()


@dataclass(frozen=True, repr=False)
class Scenario:
    """One call of move_ptes(): addresses and extent in bytes."""

    arch: str
    old_addr: int
    new_addr: int
    extent: int
    old_table: Entries
    new_table: Entries = ()
    folios: tuple[Folio, ...] = ()
    vma: Vma = ORDINARY_VMA
    config: Config = ORDINARY_CONFIG
    need_rmap_locks: bool = False
    split_ptlocks: bool = True  # USE_SPLIT_PTE_PTLOCKS: a lock for each table
    old_maps: bool = True  # pte_offset_map_lock() finds the old table
    new_maps: bool = True  # pte_offset_map_rw_nolock() finds the new table
    scheduled: tuple[ScheduledEvent, ...] = ()  # what others do meanwhile

    @cached_property
    def words(self) -> PteWords:
        return words(self.arch, self.config)

    @property
    def nr(self) -> int:
        """Entries to move."""
        return self.extent >> PAGE_SHIFT

    @property
    def pmd_size(self) -> int:
        """Bytes that one page table maps."""
        return self.config.ptrs_per_pte << PAGE_SHIFT

    @property
    def old_base(self) -> int:
        """Virtual address of entry 0 of the old table."""
        return self.old_addr & -self.pmd_size

    @property
    def new_base(self) -> int:
        """Virtual address of entry 0 of the new table."""
        return self.new_addr & -self.pmd_size

    @property
    def old_index(self) -> int:
        """Entry index of old_addr in the old table."""
        return (self.old_addr - self.old_base) >> PAGE_SHIFT

    @property
    def new_index(self) -> int:
        """Entry index of new_addr in its table."""
        return (self.new_addr - self.new_base) >> PAGE_SHIFT

    @property
    def one_table(self) -> bool:
        """Whether old and new range lie under one PMD."""
        return self.old_base == self.new_base

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
        return f"scenario_from_json({self.to_json()!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For Hypothesis and IPython, which print a dataclass field by field otherwise."""
        printer.text(repr(self))


def scenario_from_json(data: Any, path: str = "scenario") -> Scenario:
    """The scenario that `data` describes. Raises SchemaError naming the field, also where the call is impossible."""
    scenario = from_json(Scenario, data, path)
    check(scenario, path)
    return scenario


def check(scenario: Scenario, path: str = "scenario") -> None:
    """Raise SchemaError if no machine can be built from `scenario`, or get_extent() never makes such a call."""
    if scenario.arch not in ARCHES:
        raise SchemaError(f"{path}.arch", f"one of {', '.join(ARCHES)}", scenario.arch)
    if problem := scenario.config.problem(scenario.arch):
        field, _, expected = problem.partition(": ")
        raise SchemaError(f"{path}.{field}", expected.removeprefix("expected "))
    for name in ("old_addr", "new_addr", "extent"):
        value = getattr(scenario, name)
        if value < 0 or value % PAGE_SIZE or value >= 1 << 57:
            raise SchemaError(f"{path}.{name}", f"a multiple of {PAGE_SIZE} bytes below 2**57", value)
    if scenario.extent == 0:
        raise SchemaError(f"{path}.extent", "at least one page", scenario.extent)
    for name, index in (("old", scenario.old_index), ("new", scenario.new_index)):
        if index + scenario.nr > scenario.config.ptrs_per_pte:
            room = (scenario.config.ptrs_per_pte - index) * PAGE_SIZE
            raise SchemaError(
                f"{path}.extent",
                f"at most {room} bytes, the rest of the PMD of {name}_addr (get_extent() never crosses one)",
                scenario.extent,
            )
    if scenario.one_table and scenario.new_table:
        raise SchemaError(f"{path}.new_table", "no entries: both addresses lie under one PMD, whose table is old_table")
    for name in ("old_table", "new_table"):
        _check_entries(getattr(scenario, name), scenario.config.ptrs_per_pte, f"{path}.{name}")
    _check_folios(scenario, path)
    _check_scheduled(scenario, path)


def _check_entries(entries: Entries, ptrs_per_pte: int, path: str) -> None:
    last = -1
    for i, (index, value) in enumerate(entries):
        if not last < index < ptrs_per_pte:
            raise SchemaError(f"{path}[{i}]", f"an entry index above {last} and below {ptrs_per_pte}", index)
        if not 0 < value <= U64:
            raise SchemaError(f"{path}[{i}]", "a raw entry from 1 to 2**64-1", value)
        last = index


def _check_folios(scenario: Scenario, path: str) -> None:
    end = 0
    for i, folio in enumerate(scenario.folios):
        where = f"{path}.folios[{i}]"
        if not 0 <= folio.order <= 13:
            raise SchemaError(f"{where}.order", "an order from 0 to 13", folio.order)
        if folio.pfn < end or folio.pfn % (1 << folio.order):
            raise SchemaError(f"{where}.pfn", f"a multiple of its {1 << folio.order} pages, ascending", folio.pfn)
        if folio.end - 1 > scenario.config.highest_memmap_pfn:
            raise SchemaError(f"{where}.pfn", f"a folio below PFN {scenario.config.highest_memmap_pfn}", folio.pfn)
        for name in ("exclusive", "shared"):
            for first, stop in getattr(folio, name):
                if not 0 <= first < stop <= 1 << folio.order:
                    raise SchemaError(f"{where}.{name}", f"ranges inside {1 << folio.order} pages", [first, stop])
        end = folio.end


def _check_scheduled(scenario: Scenario, path: str) -> None:
    for i, event in enumerate(scenario.scheduled):
        where, when = f"{path}.scheduled[{i}]", event.when
        if event.actor not in ACTORS:
            raise SchemaError(f"{where}.actor", f"one of {', '.join(ACTORS)}", event.actor)
        if not 0 <= event.cpu < MOST_CPUS:
            raise SchemaError(f"{where}.cpu", f"a CPU from 0 to {MOST_CPUS - 1}", event.cpu)
        if when.phase not in ANCHORS and when.phase not in PHASES:
            raise SchemaError(f"{where}.when.phase", f"one of {', '.join((*ANCHORS, *PHASES))}", when.phase)
        if when.nth < 1:
            raise SchemaError(f"{where}.when.nth", "the how-many-th access, from 1", when.nth)
        if event.actor == "reclaim" and (event.table != "old" or when.phase not in UNLOCKED_YET):
            raise SchemaError(
                where,
                "reclaim to have unmapped an old entry before the locks are taken",
                f"{event.table}, {when.phase}",
            )
        _check_slot(scenario, event.table, event.slot, where)
        if when.phase in ANCHORS:
            _check_slot(scenario, when.table, when.slot, f"{where}.when")


def _check_slot(scenario: Scenario, table: str, slot: int, path: str) -> None:
    if table not in ("old", "new"):
        raise SchemaError(f"{path}.table", "old or new", table)
    first = scenario.old_index if table == "old" else scenario.new_index
    last = scenario.config.ptrs_per_pte - 1
    if not 0 <= first + slot <= last:
        raise SchemaError(f"{path}.slot", f"a slot from {-first} to {last - first}, where the table ends", slot)
