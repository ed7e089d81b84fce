# SPDX-License-Identifier: GPL-2.0-only
"""One run that is over, and what it left, which is worked out when somebody asks for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pte_review.models.outcome import Outcome

Did = tuple[bytes, bytes]  # the events without the lines they come from; how the run ended, with the tables it left
Path = frozenset[tuple[int, int]]  # (number of an event, its line): where a text went


class Run:
    """A run of one version on one scenario.

    `did` is what kernel text did: two runs of one scenario that did the same have equal outcomes. It is None where
    only the outcome tells what happened. `path` is where the text went; it is None where `did` is, and where the text
    took a special path that a review counts.
    """

    __slots__ = ("_outcome", "did", "path")

    def __init__(
        self, outcome: "Outcome | Callable[[], Outcome]", did: Did | None = None, path: Path | None = None
    ) -> None:
        self._outcome = outcome
        self.did = did
        self.path = path

    @property
    def outcome(self) -> "Outcome":
        """What it left."""
        if callable(self._outcome):
            self._outcome = self._outcome()
        return self._outcome

    @property
    def slow(self) -> bool:
        """Whether the watchdog ended it: a run that is known by what it `did` ended by itself."""
        return self.did is None and self.outcome.slow
