# SPDX-License-Identifier: GPL-2.0-only
"""A run in which others act: before each access that matters to them the child asks the machine, which lets them act.

The machine's answers depend on the scenario and on the events that it was told. Where a second text has made the same
events so far, the answers of the first are given again, and there is a machine only once the two go different ways.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pte_review.models.machine.actors import Actors
from pte_review.models.native.arena import EVENT_WORDS, event_names
from pte_review.models.native.follow import Follower
from pte_review.models.outcome import Outcome
from pte_review.models.run import Did

Changes = list[tuple[int, int]]  # entries that others have changed: ptep, value


class Exchange(NamedTuple):
    """One question, as the events that are new in it, without their lines; and the answer."""

    events: bytes
    value: int  # that the access finds
    changes: Changes


@dataclass(frozen=True)
class Dialogue:
    """All that was asked and answered in a run that returned, what it did after that, and what it left."""

    exchanges: tuple[Exchange, ...]
    rest: Did
    outcome: Outcome


class Companion:
    """What a child asks. `follower()` makes a Follower with a fresh machine; `known` is what another text has asked."""

    def __init__(self, follower: Callable[[], Follower], known: Dialogue | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.known = known
        self.warned = False  # the texts of warnings name lines
        self._unfed: list[array[int]] = []  # while nothing but what is known has been asked
        self._make = follower
        self._follower: Follower | None = None
        self.memory: list[int | None] = []  # of the C, as its log has it

    @property
    def follower(self) -> Follower:
        """The Follower whose machine has all that was told so far."""
        if self._follower is None:
            self._follower = self._make()
            self._start(self._follower)
        return self._follower

    def _start(self, follower: Follower) -> None:
        unfed, self._unfed, self.known = self._unfed, [], None
        self.memory = list(follower.k.memory)
        if isinstance(follower.k, Actors):
            follower.k.phase("call")
        for events in unfed:
            self._let_act(follower, events)

    def ask(self, events: "array[int]") -> tuple[int, Changes]:
        """What the access behind `events` finds, and what has been changed before it."""
        plain = without_lines(events)
        self.warned |= warns(events)
        if self.known is not None:
            at = len(self.exchanges)
            if at < len(self.known.exchanges) and self.known.exchanges[at].events == plain:
                self._unfed.append(events)
                self.exchanges.append(self.known.exchanges[at])
                return self.exchanges[at].value, self.exchanges[at].changes
        value, changes = self._let_act(self.follower, events)
        self.exchanges.append(Exchange(plain, value, changes))
        return value, changes

    def _let_act(self, follower: Follower, events: "array[int]") -> tuple[int, Changes]:
        for at, value in follower.feed(events):
            self.memory[at] = value
        now = follower.k.memory
        if self.memory == now:
            return follower.value_met, []
        changed = [(i, now[i] or 0) for i, was in enumerate(self.memory) if was != now[i]]
        self.memory = list(now)
        return follower.value_met, changed

    def outcome(self, rest: Did | None) -> Outcome | None:
        """What the run left that did `rest` after the last question, if that is known."""
        if self.known is None or rest != self.known.rest or len(self.exchanges) != len(self.known.exchanges):
            return None
        return self.known.outcome


@lru_cache(maxsize=1)
def _warn() -> int:
    return event_names().index("warn")


def warns(events: "array[int]") -> bool:
    """Whether one of the events is a warning."""
    return _warn() in events[::EVENT_WORDS]


def without_lines(events: "array[int]") -> bytes:
    """Events as the arena has them, but for the line that each comes from."""
    plain = events[:]
    del plain[EVENT_WORDS - 1 :: EVENT_WORDS]
    return plain.tobytes()
