# SPDX-License-Identifier: GPL-2.0-only
"""Whether a child process that owes an answer still works on it: CPU time and sleep, as the kernel tells them."""

import os
from pathlib import Path
from time import monotonic

from pte_review.models.watchdog import CPU_SECONDS

LOOK_EVERY = 0.5  # seconds
ASLEEP = 4  # looks at which it neither ran nor wanted to, until it is given up
WAIT = 20 * CPU_SECONDS  # seconds, where /proc does not say what it does


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
