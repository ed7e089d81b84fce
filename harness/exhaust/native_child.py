# SPDX-License-Identifier: GPL-2.0-only
"""A forked process that runs a pair's C on stretches of cases: what it counted outlives it."""

import os
import signal
import weakref
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from time import monotonic

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_pair import CaseCounts, Pair, bare_object
from pte_review.harness.judging.promise import Promise
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.scenario import Scenario
from pte_review.models.watchdog import CPU_SECONDS

LOOK_EVERY = 0.2  # seconds


class Child:
    """Forked when first needed, in each process that uses it, and again after it died."""

    def __init__(
        self,
        base: TreeVersion,
        candidate: TreeVersion,
        promise_of: Callable[[Scenario], Promise],
        *,
        exact: bool,
    ) -> None:
        self.base, self.candidate, self.promise_of, self.exact = base, candidate, promise_of, exact
        self.counts = CaseCounts()  # of the last stretch
        self._line: Connection | None = None
        self._end: weakref.finalize[..., Child] | None = None
        self._parent = 0
        self.clock: Callable[[], float] = monotonic

    def run(self, block: Block, first: int, end: int) -> int:
        """Run from case `first` on; `end`, or the case on which the child died or hung. Raises TreeError."""
        for number, version in enumerate((self.base, self.candidate)):
            bare_object(version, number, block.template.arch, block.template.config)
        if self._line is None or self._parent != os.getpid():
            self._start()
        assert self._line is not None
        self.counts.forget(first)
        choices = [(group.indices, group.choices) for group in block.groups]
        try:
            self._line.send((block.template, choices, first, end))
            if self._answered():
                return end
        except (EOFError, OSError):
            self.stop()
        except BaseException:
            self.stop()
            raise
        return self.counts.at

    def _answered(self) -> bool:
        """Wait. False if the child stayed at one case for CPU_SECONDS and was killed. Raises EOFError if it died."""
        assert self._line is not None
        at, since = self.counts.at, self.clock()
        while not self._line.poll(LOOK_EVERY):
            if self.counts.at != at:
                at, since = self.counts.at, self.clock()
            elif self.clock() - since > CPU_SECONDS:
                self.stop()
                return False
        self._line.recv()
        return True

    def _start(self) -> None:
        self.counts, self._parent = CaseCounts(), os.getpid()
        self._line, child_end = Pipe()
        child = os.fork()
        if child == 0:
            try:
                self._line.close()
                self._serve(child_end)
            finally:
                os._exit(1)
        child_end.close()
        self._end = weakref.finalize(self, _kill, child, self._parent)

    def _serve(self, line: Connection) -> None:
        with suppress(EOFError):
            while True:
                template, choices, first, end = line.recv()
                pair = Pair(self.base, self.candidate, self.promise_of(template), choices)
                pair.run(first, end, self.counts, exact=self.exact)
                line.send(None)
        os._exit(0)

    def stop(self) -> None:
        """End the child, if there is one."""
        if self._end is not None:
            self._end()
        if self._line is not None:
            self._line.close()
        self._line = self._end = None


def _kill(child: int, parent: int) -> None:
    """End `child`, unless this is a fork of its `parent`."""
    if os.getpid() == parent:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
