# SPDX-License-Identifier: GPL-2.0-only
"""A block of the space: everything fixed, and groups of entries that take every combination of their choices.

A case is one scenario of the block, by number.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from pte_review.models.scenario import Scenario


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """Entries of table 0 that are chosen together: `indices` there, and raw values for them, 0 for none."""

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
    folded: int = 0  # choices with CONT, over all groups
    fixed: tuple[str, ...] = ()  # what of the subject's own does not vary, in words
    exclusive: str = ""  # which pages of anon folios are AnonExclusive, where that varies


@dataclass(frozen=True, repr=False)
class Block:
    """Cases 0 to `cases` - 1: mixed radix over the groups' choices, the last group varies fastest.

    `template` is the scenario without the groups' entries; its own table 0 never has one of their indices.
    """

    template: Scenario
    groups: tuple[EntryGroup, ...]
    label: Label

    @cached_property
    def cases(self) -> int:
        """How many cases the block has."""
        return prod(len(group.choices) for group in self.groups)

    def __len__(self) -> int:
        return self.cases

    def chosen(self, number: int) -> tuple[int, ...]:
        """The choice of each group in case `number`. Raises IndexError."""
        if not 0 <= number < self.cases:
            raise IndexError(f"case {number} of a block of {self.cases}")
        digits = []
        for group in reversed(self.groups):
            number, digit = divmod(number, len(group.choices))
            digits.append(digit)
        return tuple(reversed(digits))

    def number(self, chosen: tuple[int, ...]) -> int:
        """The case with these choices: the inverse of chosen()."""
        result = 0
        for group, digit in zip(self.groups, chosen, strict=True):
            result = result * len(group.choices) + digit
        return result

    def entries(self, number: int) -> tuple[tuple[int, int], ...]:
        """Table 0 in case `number`: (index, raw value) ascending, without the none entries."""
        entries = list(self.template.tables[0].entries)
        for group, digit in zip(self.groups, self.chosen(number), strict=True):
            entries += [pair for pair in zip(group.indices, group.choices[digit], strict=True) if pair[1]]
        entries.sort()
        return tuple(entries)

    def scenario(self, number: int) -> Scenario:
        """Case `number` as a scenario. Raises IndexError."""
        table = replace(self.template.tables[0], entries=self.entries(number))
        return replace(self.template, tables=(table, *self.template.tables[1:]))
