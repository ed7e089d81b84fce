# SPDX-License-Identifier: GPL-2.0-only
"""One run that is over, and what it left, which is worked out when somebody asks for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pte_review.models.outcome import Outcome


class Trace(NamedTuple):
    """What kernel text did. Two runs of one scenario that `did` the same have equal outcomes."""

    did: tuple[bytes, bytes]  # the events without the lines they come from; how it ended, with the tables it left
    path: frozenset[tuple[int, int]]  # (number of an event, its line): where the text went


class Run:
    """A run of one version on one scenario. `trace` is None where nothing short of the outcome tells what it did."""

    __slots__ = ("_outcome", "trace")

    def __init__(self, outcome: "Outcome | Callable[[], Outcome]", trace: Trace | None = None) -> None:
        self._outcome = outcome
        self.trace = trace

    @property
    def outcome(self) -> "Outcome":
        """What it left."""
        if callable(self._outcome):
            self._outcome = self._outcome()
        return self._outcome

    @property
    def slow(self) -> bool:
        """Whether the watchdog ended it: a run of which there is a trace ended by itself."""
        return self.trace is None and self.outcome.slow
