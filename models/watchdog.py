# SPDX-License-Identifier: GPL-2.0-only
"""Stops what counting loop passes cannot: a loop in a helper file, recursion without end.

Counts CPU time of the process, so a machine that stands still stops nothing. Works in the main thread of systems with
setitimer(), between two bytecodes: one call into C that does not return, or a sleep, is not stopped.
"""

import _signal  # type: ignore[import-not-found]  # behind signal, whose signal() takes twice as long as all else here
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pte_review.models.machine.endings import NoProgress

CPU_SECONDS = 3  # a run takes milliseconds


class OutOfTime(NoProgress):
    """CPU_SECONDS went by in one run."""


@contextmanager
def watched() -> Iterator[None]:
    """Raise OutOfTime in the body once it has used CPU_SECONDS."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    barks: list[OutOfTime] = []

    def expired(_signum: int, _frame: FrameType | None) -> None:
        barks.append(OutOfTime(f"{CPU_SECONDS} seconds of CPU time"))
        raise barks[0]

    before = _signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS, 0.5)  # again, should the body swallow it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _signal.signal(signal.SIGPROF, before)
    if barks:  # and the body went on all the same
        raise barks[0]
