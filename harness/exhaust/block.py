# SPDX-License-Identifier: GPL-2.0-only
"""A block of the space: everything fixed, and units that take every combination of their choices."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from pte_review.models.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Unit:
    """Entries of the old table that are chosen together: `indices` there, and raw values for them, 0 for none."""

    indices: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What is fixed in a block, in words: the dimensions that describe() counts."""

    config: str
    memory: str
    mode: str
    place: str
    layout: str
    values: tuple[str, ...]  # of each entry
    folded: int = 0  # choices with CONT, over all units


@dataclass(frozen=True, repr=False)
class Block:
    """Tables 0 to `tables` - 1: mixed radix over the units' choices, the last unit varies fastest.

    `template` is the scenario without the units' entries; its own old_table never has one of their indices.
    """

    template: Scenario
    units: tuple[Unit, ...]
    label: Label

    @cached_property
    def tables(self) -> int:
        """How many tables the block has."""
        return prod(len(unit.choices) for unit in self.units)

    def __len__(self) -> int:
        return self.tables

    def chosen(self, number: int) -> tuple[int, ...]:
        """The choice of each unit in table `number`. Raises IndexError."""
        if not 0 <= number < self.tables:
            raise IndexError(f"table {number} of a block of {self.tables}")
        digits = []
        for unit in reversed(self.units):
            number, digit = divmod(number, len(unit.choices))
            digits.append(digit)
        return tuple(reversed(digits))

    def number(self, chosen: tuple[int, ...]) -> int:
        """The table with these choices: the inverse of chosen()."""
        result = 0
        for unit, digit in zip(self.units, chosen, strict=True):
            result = result * len(unit.choices) + digit
        return result

    def entries(self, number: int) -> tuple[tuple[int, int], ...]:
        """The old table of table `number`: (index, raw value) ascending, without the none entries."""
        found = list(self.template.old_table)
        for unit, digit in zip(self.units, self.chosen(number), strict=True):
            found += [pair for pair in zip(unit.indices, unit.choices[digit], strict=True) if pair[1]]
        found.sort()
        return tuple(found)

    def scenario(self, number: int) -> Scenario:
        """Table `number` as a scenario. Raises IndexError."""
        return replace(self.template, old_table=self.entries(number))
