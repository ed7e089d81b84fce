# SPDX-License-Identifier: GPL-2.0-only
"""The page tables of a scenario and the ranges in them: where a ptep lies, and back. Nothing else does this arithmetic.

A ptep is an int that counts entries. With P = ptrs_per_pte, table number t is at pteps (2t+1)P to (2t+2)P-1, so that
block alignment holds, NULL is 0, and a walk off either end of a table lands in an unmapped gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pte_review.models.config import PAGE_SHIFT

Entries = tuple[tuple[int, int], ...]  # (entry index in its table, raw value), ascending, none entries left out


@dataclass(frozen=True, slots=True)
class Table:
    """One page table of `ptrs_per_pte` entries. `base` is the virtual address of entry 0 in bytes.

    `lock` is the page-table lock, one of LOCKS; tables that share a lock have the same number. `vma` is an index into
    the scenario's VMAs.
    """

    base: int
    entries: Entries = ()
    lock: int = 1
    maps: bool = True  # pte_offset_map() finds the table
    vma: int = 0

    def whole(self, size: int) -> tuple[int, ...]:
        """The raw values of all `size` entries."""
        table = [0] * size
        for index, pte in self.entries:
            table[index] = pte
        return tuple(table)


# A lock that lies below another one in memory has the lower number. Where a lock lies says nothing of what it locks.
LOCKS = (1, 2, -2)


@dataclass(frozen=True, slots=True)
class Range:
    """`nr` entries of table number `table` from entry index `first` on, which the subject knows as `name`."""

    name: str
    table: int
    first: int
    nr: int

    @property
    def end(self) -> int:
        """The entry index behind the last entry."""
        return self.first + self.nr

    @property
    def entries(self) -> range:
        """The entry indices of the range."""
        return range(self.first, self.first + self.nr)


class Places:
    """Where entries lie: by ptep, by table and entry index, by range and slot, by virtual address.

    A slot counts from the start of its range; below 0 and behind the end for the entries around it. An entry that lies
    in more than one range belongs to the last of them, and one that lies in none to the first range of its table.
    """

    def __init__(self, tables: Sequence[Table], ranges: Sequence[Range], mms: Sequence[int], size: int) -> None:
        self.size, self.ranges = size, ranges
        self.mms = mms  # by table
        self._last = len(tables) - 1
        self._stride = 2 * size
        # What an entry's address is above its ptep in pages; `mms` and this are all that a primitive's check needs.
        self._offsets = [table.base - ((2 * i + 1) * size << PAGE_SHIFT) for i, table in enumerate(tables)]

    def ptep(self, table: int, entry: int) -> int:
        """The ptep of entry index `entry` of a table."""
        return (2 * table + 1) * self.size + entry

    def entry(self, ptep: int) -> tuple[int, int]:
        """(table number, entry index there) of a ptep; of the nearest table for a ptep in none."""
        table = self.table(ptep)
        return table, ptep - (2 * table + 1) * self.size

    def table(self, ptep: int) -> int:
        """The number of the table that `ptep` points into, or of the table before the gap behind it."""
        return max(0, min(ptep // self._stride, self._last))

    def nearest(self, ptep: int) -> tuple[int, int]:
        """(table number, entry index) of a ptep outside all tables, counted from the table that is nearer."""
        table = max(0, min((ptep - self.size // 2) // self._stride, self._last))
        return table, ptep - (2 * table + 1) * self.size

    def va(self, ptep: int) -> int:
        """The virtual address that the entry at `ptep` translates, in bytes."""
        return (ptep << PAGE_SHIFT) + self._offsets[max(0, min(ptep // self._stride, self._last))]

    def within(self, table: int, start: int, end: int) -> range:
        """The pteps of a table's entries that translate the bytes [start, end)."""
        first = self.ptep(table, 0)
        offset = self._offsets[table]
        return range(max(start - offset >> PAGE_SHIFT, first), min(end - offset >> PAGE_SHIFT, first + self.size))

    def is_home(self, ptep: int, address: int, mm: int) -> bool:
        """Whether the entry at `ptep` translates `address` in `mm`."""
        table = ptep // self._stride
        if not 0 <= table <= self._last:
            table = max(0, min(table, self._last))
        return address == (ptep << PAGE_SHIFT) + self._offsets[table] and mm == self.mms[table]

    def range_at(self, table: int, entry: int) -> Range:
        """The range that an entry belongs to."""
        own = [r for r in self.ranges if r.table == table] or [self.ranges[0]]
        return next((r for r in reversed(own) if r.first <= entry < r.end), own[0])

    def table_name(self, table: int) -> str:
        """What people call a table: the name of the first range in it."""
        return next((r.name for r in self.ranges if r.table == table), self.ranges[0].name)

    def place(self, ptep: int) -> tuple[str, int]:
        """(name of the range that the entry belongs to, entry index in its table)."""
        table, entry = self.entry(ptep)
        return self.range_at(table, entry).name, entry

    def named(self, name: str) -> Range:
        """The range of that name. Raises KeyError."""
        for candidate in self.ranges:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def at(self, name: str, entry: int) -> int:
        """The ptep of entry index `entry` of the table that the range `name` lies in."""
        return self.ptep(self.named(name).table, entry)

    def slot_at(self, name: str, slot: int) -> int:
        """The ptep of a slot of the range `name`."""
        where = self.named(name)
        return self.ptep(where.table, where.first + slot)

    def label(self, ptep: int) -> str:
        """`area[3]`: the name of the entry's range, and its slot there."""
        table, entry = self.entry(ptep)
        where = self.range_at(table, entry)
        return f"{where.name}[{entry - where.first}]"
