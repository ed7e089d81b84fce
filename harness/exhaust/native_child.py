# SPDX-License-Identifier: GPL-2.0-only
"""A pair's C on stretches of cases, in a confined child of each process. The counts outlive the child."""

import os
from collections.abc import Callable
from time import monotonic

from pte_review.harness.exhaust.answers import Kinds, answers
from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_pair import MOST_FREE, CaseCounts, Pair, bare_object, driver_object
from pte_review.harness.judging.promise import Promise
from pte_review.models.child_watch import Died
from pte_review.models.native.arena import Arena
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.scenario import Scenario
from pte_review.models.watchdog import CPU_SECONDS


class Stretches:
    """Runs stretches of blocks. Its child is started when first needed, in each process, and again after it died."""

    def __init__(
        self, base: TreeVersion, candidate: TreeVersion, promise_of: Callable[[Scenario], Promise], *, exact: bool
    ) -> None:
        self.base, self.candidate, self.promise_of, self.exact = base, candidate, promise_of, exact
        self.clock: Callable[[], float] = monotonic
        self._parent = 0
        self._arena: Arena | None = None
        self._pair: Pair | None = None
        self._loaded: Block | None = None  # what the child has, and its promise
        self._promise: Promise
        self._answered: Block | None = None  # of which it knows what is right
        self.free = Kinds(MOST_FREE)  # in which right versions may differ

    @property
    def counts(self) -> CaseCounts:
        """Of the last stretch."""
        return CaseCounts(self._own_arena())

    def run(self, block: Block, first: int, end: int) -> int:
        """Run from case `first` on; `end`, or the case on which the child died or hung. Raises TreeError."""
        counts = self.counts
        counts.forget(first)
        try:
            pair, look = self._load(block), self._look(counts)
            pair.run(first, end, exact=self.exact, look=look)
            if counts.asks:
                self._answer(block, pair)
                pair.run(counts.at, end, exact=self.exact, look=look)
        except Died:
            self._loaded = None
            return counts.at
        return end

    def of_group(self, block: Block, first: int, end: int, group: int, most: int) -> list[int]:
        """The numbers of at most `most` cases of a group of differences, of [first, end). Raises TreeError.

        None where the child dies: what it counted cannot be found again.
        """
        try:
            pair = self._load(block)
            self._answer(block, pair)
            return pair.of_group(first, end, group, most, exact=self.exact)
        except Died:
            self._loaded = None
            return []

    def _load(self, block: Block) -> Pair:
        template = block.template
        if self._loaded is not block:
            self._promise = self.promise_of(template)
        sides = [
            bare_object(version, number, template.arch, template.config, self._promise.flushed)
            for number, version in enumerate((self.base, self.candidate))
        ]
        arena, objects = self._own_arena(), (driver_object(), *sides)
        if self._pair is None or self._pair.objects != objects:
            self.stop()
            self._pair = Pair(self.base.binding, objects, arena)
        if self._loaded is not block or not self._pair.child.runs:
            choices = [(group.indices, group.choices) for group in block.groups]
            self._pair.load(self._promise, choices)
            self._loaded, self._answered = block, None
        return self._pair

    def _answer(self, block: Block, pair: Pair) -> None:
        """Tell the child what is right in the block that it has."""
        if self._answered is not block:
            pair.answer(answers(block, self.promise_of, self.free))
            self._answered = block

    def _own_arena(self) -> Arena:
        if self._arena is None or self._parent != os.getpid():  # a fork starts its own
            self._parent, self._arena, self._pair, self._loaded = os.getpid(), Arena(), None, None
        return self._arena

    def _look(self, counts: CaseCounts) -> Callable[[], str | None]:
        """Gives a child up that stays at one case for CPU_SECONDS."""
        at, since = counts.at, self.clock()

        def look() -> str | None:
            nonlocal at, since
            if counts.at != at:
                at, since = counts.at, self.clock()
            return f"{CPU_SECONDS} seconds" if self.clock() - since > CPU_SECONDS else None

        return look

    def stop(self) -> None:
        """End the child, if there is one."""
        if self._pair is not None and self._parent == os.getpid():
            self._pair.child.stop()
        self._pair = self._loaded = None
