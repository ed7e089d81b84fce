# SPDX-License-Identifier: GPL-2.0-only
"""Many small decisions out of one drawn byte string.

A Hypothesis draw costs some 40 us, a scenario needs a hundred decisions. Every byte decides one thing, 0 is always
the simplest answer, and a string that is used up answers 0: so a smaller string is a simpler scenario and
Hypothesis shrinks it as it shrinks any bytes. Take a byte also where the answer does not matter (`chance() and ...`):
then what comes after it stays the same while it shrinks.
"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Reads decisions off `data`, a byte each."""

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def below(self, n: int) -> int:
        """An int from 0 to n-1, n at most 256."""
        return next(self._bytes, 0) * n >> 8

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 cases."""
        return next(self._bytes, 0) * 100 >= (100 - percent) * 256

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, the first being the simplest; repeat one to make it likelier."""
        return options[next(self._bytes, 0) * len(options) >> 8]

    def wide(self, n: int) -> int:
        """An int from 0 to n-1, n at most 65536; two bytes."""
        return (next(self._bytes, 0) << 8 | next(self._bytes, 0)) * n >> 16
