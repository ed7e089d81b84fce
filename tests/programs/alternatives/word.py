# SPDX-License-Identifier: GPL-2.0-only
"""A PTE word whose bit operations are division and remainder, which CrossHair's solver understands."""

from typing import Any


class Word:
    """A symbolic word whose bit operations with constants are arithmetic."""

    __slots__ = ("v",)

    def __init__(self, v: int) -> None:
        self.v = v

    def __bool__(self) -> bool:
        return True if self.v != 0 else False  # noqa: SIM210  # a symbolic bool is none that __bool__ may return

    def __eq__(self, other: Any) -> bool:
        return self.v == value(other)

    def __lt__(self, other: Any) -> bool:
        return self.v < value(other)

    def __le__(self, other: Any) -> bool:
        return self.v <= value(other)

    def __gt__(self, other: Any) -> bool:
        return self.v > value(other)

    def __ge__(self, other: Any) -> bool:
        return self.v >= value(other)

    def __hash__(self) -> int:
        return hash(self.v)

    def __repr__(self) -> str:
        return repr(self.v)

    def __add__(self, other: Any) -> "Word":
        return Word(self.v + value(other))

    def __sub__(self, other: Any) -> "Word":
        return Word(self.v - value(other))

    def __rsub__(self, other: int) -> int:
        return other - self.v  # how many pages of a folio follow: a number, no word

    def __lshift__(self, n: int) -> "Word":
        return Word(self.v * 2**n)

    def __rshift__(self, n: int) -> "Word":
        return Word(self.v // 2**n)

    def __invert__(self) -> "Word":
        return Word(-1 - self.v)

    def __and__(self, mask: "Word | int") -> "Word":
        if isinstance(mask, Word):
            return Word(both(self.v, mask.v))
        return Word(self.v - masked(self.v, ~mask) if mask < 0 else masked(self.v, mask))

    def __or__(self, mask: "Word | int") -> "Word":
        if isinstance(mask, Word):  # a page frame and the bits around it, wherever the model does this
            return Word(self.v + mask.v)
        return Word(self.v - masked(self.v, mask) + mask)

    def __xor__(self, mask: "Word | int") -> "Word":
        if isinstance(mask, Word):
            return Word(self.v + mask.v - 2 * both(self.v, mask.v))
        return Word(self.v - 2 * masked(self.v, mask) + mask)

    __radd__, __rand__, __ror__, __rxor__ = __add__, __and__, __or__, __xor__


def value(word: "Word | int") -> int:
    return word.v if isinstance(word, Word) else word


def both(v: int, other: int) -> int:
    """`v & other` of two words, bit by bit."""
    return sum(v // 2**bit % 2 * (other // 2**bit % 2) * 2**bit for bit in range(64))


def masked(v: int, mask: int) -> int:
    """`v & mask`, mask >= 0, run of ones by run of ones."""
    total, low = 0, 0
    while mask >> low:
        while not mask >> low & 1:
            low += 1
        ones = 0
        while mask >> low + ones & 1:
            ones += 1
        total += v // 2**low % 2**ones * 2**low
        low += ones
    return total
