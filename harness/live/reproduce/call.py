# SPDX-License-Identifier: GPL-2.0-only
"""What a subject says about the system call that reaches its function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pte_review.harness.live.reproduce.area import Area
from pte_review.models.vma import Vma


@dataclass(frozen=True)
class SystemCall:
    """The call in C. `files` hold its pieces, among them `after(number)`: where a page of the area is afterwards.

    `beside` is the C of the address that a page next to the last range has, where that is not in the area.
    """

    files: tuple[Path, ...]
    lines: tuple[str, ...]  # statements of the call
    constants: Mapping[str, str] = field(default_factory=dict)
    beside: str = ""
    vma: Vma | None = None  # as the call leaves it, where that is not as it was


class Caller(Protocol):
    """Makes the SystemCall of a scenario."""

    asks_exclusive: bool  # whether what the call does to a page depends on its being AnonExclusive

    def __call__(self, area: Area, *, keeps_source: bool, beside: int | None) -> SystemCall:
        """`keeps_source`: the first range stays mapped. `beside`: an entry index in the last range's table to map.

        Raises NotBuilt where no call is like it.
        """
