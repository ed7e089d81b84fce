# SPDX-License-Identifier: GPL-2.0-only
"""Runs of kernel text in a confined child: a crash of the C is an outcome, and the next run gets a new child."""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from pte_review.models.child_watch import Died
from pte_review.models.native.arena import CHANGES_AT, CPU, EVENTS, REPLY_AT, REQUEST_AT, Arena
from pte_review.models.native.child import Child

Ask = Callable[[int, int], tuple[int, list[tuple[int, int]]]]
DONE, ASKS = b".", b"?"
NO_CPU = (1 << 32) - 1
MOST_RUNS = 50_000  # of one child, whose CPU time is limited


class Worker:
    """A child with `arena` and the shared object at `path`."""

    def __init__(self, path: Path, arena: Arena) -> None:
        self.arena = arena
        self.child = Child([path], arena)
        self._runs = 0

    def run(self, what: bytes, ask: Ask | None = None) -> None:
        """Run request `what`; the reply is in the arena. Raises Died.

        `ask(first, end)` is called before each event at which others may act, with the numbers of the events that are
        new; it returns the value that the access finds and the entries that others have changed, by number.
        """
        self._runs += 1
        if self._runs % MOST_RUNS == 0:
            self.child.stop()
        self.start()
        self.arena.put(what)
        try:
            with on_one_cpu() as cpu:
                self.arena.words[REQUEST_AT + CPU] = cpu
                self._converse(ask)
        except BaseException:  # it may be in the middle of a run: the next one gets another
            self.child.stop()
            raise

    def start(self) -> None:
        """Start the child, if there is none. Raises TreeError."""
        if not self.child.runs:
            self.child.start()

    def _converse(self, ask: Ask | None) -> None:
        events_seen = 0
        self.child.say(b"a" if ask else b"r")
        while (answer := self.child.hear()) != DONE:
            if answer != ASKS or ask is None:
                raise Died("an answer that no run gives")
            count = self.arena.words[REPLY_AT + EVENTS]
            value, changes = ask(events_seen, count)
            events_seen = count
            words = [value, len(changes), *(word for change in changes for word in change)]
            for i, word in enumerate(words):
                self.arena.words[CHANGES_AT + i] = word
            self.child.say(b"g")

    def stop(self) -> None:
        """End the child, if there is one."""
        self.child.stop()


@lru_cache(maxsize=1)
def _sched_getcpu() -> Callable[[], int]:
    function: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
    return function


_here: ContextVar[int | None] = ContextVar("_here", default=None)  # the CPU that this thread stays on


@contextmanager
def on_one_cpu() -> Iterator[int]:
    """Stay on the CPU that this thread is on, where the child comes too: its number, or NO_CPU where that cannot be.

    The two wait for each other all the time; to wake somebody up on another CPU takes longer than a run. Who makes many
    runs stays for all of them.
    """
    if (cpu := _here.get()) is not None:
        yield cpu
        return
    allowed, cpu = os.sched_getaffinity(0), _sched_getcpu()()
    try:
        os.sched_setaffinity(0, {cpu})
    except OSError:
        yield NO_CPU
        return
    token = _here.set(cpu)
    try:
        yield cpu
    finally:
        _here.reset(token)
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)
