# SPDX-License-Identifier: GPL-2.0-only
"""What is right in a block, for its C: for each value of an entry, those that the promise lets a version leave.

So the C and the judge in Python use the same promise. What is right in one entry may not depend on another entry,
except for accessed and dirty of its folio.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pte_review.harness.exhaust.block import Block
from pte_review.harness.judging.promise import Promise
from pte_review.models.arch.word import PteWords
from pte_review.models.gathering import as_read, gathered_range
from pte_review.models.scenario import Scenario

MOST_RIGHT = 8  # values of one entry
YOUNG_DIRTY = tuple((bool(bits & 1), bool(bits & 2)) for bits in range(4))


@dataclass(frozen=True)
class Right:
    """Something that a right version may leave. `accepts`: a bit for each of YOUNG_DIRTY, by that of its folio."""

    value: int
    accepts: int
    adds: int  # to the return value


@dataclass
class Kinds:
    """The kinds in which right versions may differ, by bit: those of all blocks of a pair."""

    most: int
    names: list[str] = field(default_factory=list)

    def bits(self, names: Iterator[str]) -> int:
        """The bits of `names`; new ones get one."""
        bits = 0
        for name in names:
            if name not in self.names:
                self.names.append(name)
            bits |= 1 << self.names.index(name)
        assert len(self.names) <= self.most, f"more than {self.most} kinds that a promise leaves free"
        return bits


def answers(block: Block, promise_of: Callable[[Scenario], Promise], kinds: Kinds) -> "array[int]":
    """Words for c/choices.h: take_answers()."""
    words, slots = block.template.words, _Slots(block.template)
    says = array("Q")
    for group in block.groups:
        for choice in group.choices:
            says.extend(slots.says(group.indices, choice))
    if promise_of(block.template).returned < 0:  # nothing is done, and nothing is wanted
        return array("Q", bytes(8 * len(says)))
    for slot, pte in _in_turn(slots, promise_of):
        says.extend(_words_of(words, slot, pte, kinds))
    return says


class _Slots:
    """The values of each entry of the range, as ptep_get() gives them: each has a number, from 1 in all of them."""

    def __init__(self, template: Scenario) -> None:
        self.template, self.words = template, template.words
        self.first = template.ranges[0].first
        self.values: list[dict[int, int]] = [{} for _ in range(template.nr)]
        self.count = 0

    def says(self, indices: tuple[int, ...], choice: tuple[int, ...]) -> list[int]:
        """The numbers of what stands in `indices`; 0 beside the range."""
        words = self.words
        if words.CONT and any(pte & words.CONT and words.pte_valid(pte) for pte in choice):  # whole blocks
            table = [0] * self.template.config.ptrs_per_pte
            for index, pte in zip(indices, choice, strict=True):
                table[index] = pte
            read = [gathered_range(words, table, index, 1)[0] for index in indices]
        else:
            read = [as_read(words, pte) for pte in choice]
        return [self._number(index - self.first, pte) for index, pte in zip(indices, read, strict=True)]

    def _number(self, slot: int, pte: int) -> int:
        if not 0 <= slot < len(self.values):
            return 0
        known = self.values[slot]
        if pte not in known:
            self.count += 1
            known[pte] = self.count
        return known[pte]


def _in_turn(slots: _Slots, promise_of: Callable[[Scenario], Promise]) -> Iterator[tuple[int, Promise]]:
    """The slot, and a promise for a scenario that has the value there, of each number in turn."""
    where, table = slots.template.ranges[0], slots.template.tables[0]
    beside = [entry for entry in table.entries if entry[0] not in where.entries]
    by_number: dict[int, tuple[int, Promise]] = {}
    for turn in range(max(map(len, slots.values))):
        values = [[*known.items()][min(turn, len(known) - 1)] for known in slots.values]
        entries = [(where.first + slot, pte) for slot, (pte, _) in enumerate(values) if pte]
        tables = (replace(table, entries=tuple(sorted([*beside, *entries]))), *slots.template.tables[1:])
        promise = promise_of(replace(slots.template, tables=tables))
        by_number.update({number: (slot, promise) for slot, (_, number) in enumerate(values)})
    for number in range(1, slots.count + 1):
        yield by_number[number]


def _words_of(words: PteWords, slot: int, promise: Promise, kinds: Kinds) -> list[int]:
    """struct answer."""
    rights = [right for right in _rights(words, slot, promise) if right.accepts]
    assert len(rights) <= MOST_RIGHT, f"more than {MOST_RIGHT} right values of one entry"
    result = [len(rights)]
    for right in rights:
        result += (right.value, right.accepts, right.adds)
    result += [0] * (1 + 3 * MOST_RIGHT - len(result))
    matrix = bytearray(MOST_RIGHT * MOST_RIGHT)
    for i, base in enumerate(rights):
        for j, candidate in enumerate(rights):
            named = (kind.replace("lost", "gained") for kind in promise.differ_freely(base.value, candidate.value))
            matrix[i * MOST_RIGHT + j] = kinds.bits(named)
    return [*result, *array("Q", bytes(matrix))]


def _rights(words: PteWords, slot: int, promise: Promise) -> Iterator[Right]:
    had = [promise.with_folio_ad(young=young, dirty=dirty) for young, dirty in YOUNG_DIRTY]
    for value, adds in promise.may_be(slot):
        accepts = 0
        forms = [_with_ad(words, value, *ad) for ad in YOUNG_DIRTY] if words.pte_present(value) else [value]
        for bits, pte in enumerate(forms):
            accepts |= sum(1 << (bits + 4 * i) for i, each in enumerate(had) if each.is_right(slot, pte))
        yield Right(value, accepts, adds)


def _with_ad(words: PteWords, pte: int, young: bool, dirty: bool) -> int:
    """A present entry with this accessed and dirty, in the form of E(); soft-dirty stays, which pte_mkdirty() sets."""
    if words.pte_dirty(pte) != dirty:
        soft_dirty = pte & words.SOFT_DIRTY
        pte = (words.pte_mkdirty(pte) if dirty else words.pte_mkclean(pte)) & ~words.SOFT_DIRTY | soft_dirty
    if words.pte_young(pte) != young:
        pte = words.pte_mkyoung(pte) if young else words.pte_mkold(pte)
    return as_read(words, pte)
