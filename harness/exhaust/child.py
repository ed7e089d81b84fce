# SPDX-License-Identifier: GPL-2.0-only
"""A forked process that runs a pair's C on stretches of tables: what it counted outlives it."""

import os
import signal
import time
import weakref
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe

from pte_review.harness.exhaust.block import Block
from pte_review.models.native.exhaust import Pair, Tables, bare_object
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.watchdog import CPU_SECONDS

LOOK_EVERY = 0.2  # seconds


class Child:
    """Forked when first needed, in each process that uses it, and again after it died."""

    def __init__(self, base: TreeVersion, candidate: TreeVersion, *, exact: bool) -> None:
        self.base, self.candidate, self.exact = base, candidate, exact
        self.tables = Tables()  # of the last stretch
        self._line: Connection | None = None
        self._end: weakref.finalize[..., Child] | None = None
        self._parent = 0

    def run(self, block: Block, first: int, end: int) -> int:
        """Run from table `first` on; `end`, or the table on which the child died or hung. Raises TreeError."""
        for number, version in enumerate((self.base, self.candidate)):
            bare_object(version, number, block.template.arch, block.template.config)
        if self._line is None or self._parent != os.getpid():
            self._start()
        assert self._line is not None
        self.tables.forget(first)
        units = [(unit.indices, unit.choices) for unit in block.units]
        try:
            self._line.send((block.template, units, first, end))
            if self._answered():
                return end
        except (EOFError, OSError):
            self.stop()
        except BaseException:
            self.stop()
            raise
        return self.tables.at

    def _answered(self) -> bool:
        """Wait. False if the child stayed at one table for CPU_SECONDS and was killed. Raises EOFError if it died."""
        assert self._line is not None
        at, since = self.tables.at, time.monotonic()
        while not self._line.poll(LOOK_EVERY):
            if self.tables.at != at:
                at, since = self.tables.at, time.monotonic()
            elif time.monotonic() - since > CPU_SECONDS:
                self.stop()
                return False
        self._line.recv()
        return True

    def _start(self) -> None:
        self.tables, self._parent = Tables(), os.getpid()
        self._line, theirs = Pipe()
        child = os.fork()
        if child == 0:
            try:
                self._line.close()
                self._serve(theirs)
            finally:
                os._exit(1)
        theirs.close()
        self._end = weakref.finalize(self, _kill, child, self._parent)

    def _serve(self, line: Connection) -> None:
        with suppress(EOFError):
            while True:
                template, units, first, end = line.recv()
                Pair(self.base, self.candidate, template, units).run(first, end, self.tables, exact=self.exact)
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
