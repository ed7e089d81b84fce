# SPDX-License-Identifier: GPL-2.0-only
"""What the child processes of a review have in common: how one ends, is watched, and is read what it printed."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from pte_review.models.watchdog import CPU_SECONDS

LOOK_EVERY = 0.5  # seconds
ASLEEP = 4  # looks at which it neither ran nor wanted to, until it is given up
WAIT = 20 * CPU_SECONDS  # seconds, where /proc does not say what it does
MOST_PRINTED = 1 << 16  # bytes: what a pipe holds


class Died(Exception):  # the end of a child, no error of ours
    """The child is gone: `why` names a signal or an exit status. `slow`: it used up its time and was killed."""

    def __init__(self, why: str, *, slow: bool = False) -> None:
        self.why, self.slow = why, slow
        super().__init__(why)


def died(code: int) -> Died:
    """The end of a child with exit code `code`, negative for a signal."""
    if code == -signal.SIGXCPU:
        return Died("the CPU time that a child has", slow=True)
    if code == -signal.SIGSYS:
        return Died("SIGSYS (a system call that it may not make)")
    return Died(signal.Signals(-code).name if code < 0 else f"exit status {code}")


class Output:
    """A pipe for what a child prints. One that is full loses what comes next, and stops nobody."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        for end in (self.read_end, self.write_end):
            os.set_blocking(end, False)
        self._bytes = b""

    def printed(self) -> str:
        """What has come so far, at most MOST_PRINTED bytes."""
        if self.read_end >= 0:
            with suppress(OSError):
                self._bytes += os.read(self.read_end, MOST_PRINTED)
        return self._bytes.decode("utf-8", "backslashreplace").strip()

    def forget(self) -> None:
        """Read what is there; whoever has the descriptor closes it, and its number may be another file's then."""
        self.printed()
        self.read_end = -1


def end_session(child: int, parent: int, ends: Sequence[int], wait: Callable[[], object]) -> None:
    """End `child` and all of its session, `wait` for it, close `ends`; nothing of it in a fork of its `parent`."""
    if os.getpid() != parent:
        return
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        wait()
    close(*ends)


def close(*ends: int) -> None:
    """Close descriptors that may be closed."""
    for end in ends:
        with suppress(OSError):
            os.close(end)


class Watch:
    """Of the process `pid`, from now on. Nothing is asked of the kernel before the first look."""

    def __init__(self, pid: int) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._since = monotonic()
        self._asleep = 0
        self._first: float | None = None
        self._last = 0.0

    def _cpu(self) -> tuple[float, str]:
        """Seconds of CPU time that it used, and its state in the letters of proc(5); "" where nobody says."""
        try:
            fields = self._stat.read_text(encoding="ascii").rpartition(")")[2].split()
        except (OSError, ValueError):
            return 0.0, ""
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0]

    def look(self) -> str | None:
        """Why it is to be given up, if it is; to be asked every LOOK_EVERY seconds."""
        used, state = self._cpu()
        if self._first is None:
            self._first = used
        if used - self._first > CPU_SECONDS:
            return f"{CPU_SECONDS} seconds of CPU time"
        idle = state in ("S", "T", "t") and used == self._last
        self._asleep, self._last = (self._asleep + 1 if idle else 0), used
        if self._asleep >= ASLEEP:
            return f"{ASLEEP * LOOK_EVERY:g} seconds asleep"
        return f"{WAIT} seconds" if monotonic() - self._since > WAIT and not state else None
