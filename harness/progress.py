# SPDX-License-Identifier: GPL-2.0-only
"""How a long run says how far it is: one kind of message, given to whoever listens."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` scenarios, cases or hunts are over; `work` says what is under way."""

    work: str
    done: int
    total: int


Listen = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Nobody listens."""
