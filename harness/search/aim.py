# SPDX-License-Identifier: GPL-2.0-only
"""Where the scenarios of a review come from: fresh ones, and ones that aim at what the two versions do differently.

A bug needs two things: the versions must do something different, and it must matter. Where they do different things to
entries in few scenarios only, others of the same layout come to that more often; it matters where entries that
are treated as one say different things. Where they flush at different times, it matters in scenarios in which others
act.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from pte_review.models.machine.state import Event
from pte_review.models.scenario import Scenario
from pte_review.strategies.drawn import Recipe, alike, by_block, bytes_of, scenario_of, with_actions

FRESH = 0.35  # of the scenarios, at least
BY_BLOCK = 0.5  # of those that aim at entries: what a batch must not spread differs from one contpte block to the next
IN_WRITE = 0.5  # of these: it is who may write
CHILDREN = 12  # scenarios of one layout
ENTRIES = ("X", "S")  # events that change an entry


def fresh(recipe: Recipe, arch: str, seed: int, hostile: str | None = None) -> Iterator[Scenario]:
    """Scenarios without end that aim at nothing, the same for a seed in every process. The first is the simplest."""
    aim = Aim(recipe, arch, seed, hostile)
    while True:
        yield aim.draw().scenario


class Drawn(NamedTuple):
    """A scenario and the bytes that it is made of; `fresh`: it aims at nothing."""

    scenario: Scenario
    data: bytes
    fresh: bool


class Aim:
    """Scenarios of one architecture, the same for a seed as long as saw() is told the same at the same time.

    They are drawn here, as the byte strings that they are made of, and not by Hypothesis: it takes longer to draw the
    bytes than the scenario takes to make, and which ones it draws hangs on its release.
    """

    def __init__(self, recipe: Recipe, arch: str, seed: int, hostile: str | None = None) -> None:
        self.recipe, self.arch, self.hostile = recipe, arch, hostile
        self.random = Random(seed)  # noqa: S311  # no secret
        self.started = False
        self.parents: list[tuple[bytes, int]] = []  # with how many children they may have yet
        self.entries = self.others = 0  # scenarios in which the versions changed entries differently, or the rest alone

    def draw(self) -> Drawn:
        """The next scenario; the first is the simplest."""
        data, fresh = self._data() if self.started else (bytes(bytes_of(self.hostile)), True)
        self.started = True
        return Drawn(scenario_of(self.recipe, self.arch, data, self.hostile), data, fresh)

    def _data(self) -> tuple[bytes, bool]:
        data = self.random.randbytes(bytes_of(self.hostile))
        differing = self.entries + self.others
        if not differing or self.random.random() < FRESH:
            return data, True
        return self._aimed(data, differing), False

    def _aimed(self, data: bytes, differing: int) -> bytes:
        if self.random.random() * differing >= self.entries:
            return with_actions(data)
        if self.random.random() < BY_BLOCK:
            data = by_block(data, in_write=self.random.random() < IN_WRITE)
        parent = self._parent()
        return data if parent is None else alike(parent, data)

    def _parent(self) -> bytes | None:
        if not self.parents:
            return None
        number = self.random.randrange(len(self.parents))
        data, children = self.parents[number]
        if children > 1:
            self.parents[number] = data, children - 1
        else:
            del self.parents[number]
        return data

    def saw(self, drawn: Drawn, base: Sequence[Event], candidate: Sequence[Event]) -> None:
        """What the two versions did to memory, TLB and locks on a scenario, where that differs."""
        of_base, of_candidate = ([e for e in events if e[0] in ENTRIES] for events in (base, candidate))
        entries = of_base != of_candidate
        self.entries += entries
        self.others += not entries
        if entries and drawn.fresh and not (self.parents and self.parents[-1][0] is drawn.data):
            self.parents.append((drawn.data, CHILDREN))
