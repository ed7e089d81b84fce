# SPDX-License-Identifier: GPL-2.0-only
"""Cuts a space into pieces and deals the pieces out to shards, in the same way on every machine."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.block import Block

SPREAD = 64  # pieces at least, where a space is large enough for it
LEAST = 200  # cases of a piece
MOST_SHARDS = 100_000


class Piece(NamedTuple):
    """Cases `first` to `end` - 1 of block number `block`; pieces are numbered through the space."""

    number: int
    block: int
    first: int
    end: int


class Shard(NamedTuple):
    """Every `of`-th piece from piece `number` - 1 on."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Shard()


def shard_from(text: str) -> Shard:
    """The shard that --shard names. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.of <= MOST_SHARDS:
        raise UsageError(f"--shard: expected i/n with i from 1 to n and n at most {MOST_SHARDS:,}, got {text!r}")
    return shard


def piece_size(space: Sequence[Block], most: int) -> int:
    """Cases a piece: `most`, or less to give every core of a machine something to do."""
    return min(most, max(LEAST, sum(block.cases for block in space) // SPREAD))


class Plan:
    """The pieces of a space, of at most `size` cases each; none goes over the end of a block."""

    def __init__(self, space: Sequence[Block], size: int) -> None:
        self.space, self.size = space, size

    @cached_property
    def _ends(self) -> list[int]:
        """How many pieces there are up to the end of each block."""
        return list(accumulate(-(-block.cases // self.size) for block in self.space))

    @property
    def pieces(self) -> int:
        return self._ends[-1]

    @cached_property
    def cases(self) -> int:
        return sum(block.cases for block in self.space)

    def piece(self, number: int) -> Piece:
        """Piece `number`, from 0."""
        block = bisect_right(self._ends, number)
        first = (number - (self._ends[block - 1] if block else 0)) * self.size
        return Piece(number, block, first, min(first + self.size, self.space[block].cases))

    def numbers(self, shard: Shard) -> range:
        """The numbers of a shard's pieces."""
        return range(shard.number - 1, self.pieces, shard.of)

    def cases_of(self, shard: Shard) -> int:
        """How many cases a shard has."""
        if shard == WHOLE:
            return self.cases
        return sum(piece.end - piece.first for piece in map(self.piece, self.numbers(shard)))

    def first_case(self, block: int) -> int:
        """How many cases come before block number `block`."""
        return sum(earlier.cases for earlier in self.space[:block])
