# SPDX-License-Identifier: GPL-2.0-only
"""Progress on a terminal's stderr while something long runs. Elsewhere only the length of a very long run is said."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pte_review.harness import progress as messages

SECONDS_BETWEEN = 0.05  # two updates
LONG_RUN = 600.0  # seconds from which on a run that can be resumed says at its beginning how long it takes
MEASURE_FOR = 5.0  # seconds until the rate is known


class ProgressDisplay:
    """A listener that draws one bar. `unit` is what is counted; `resumes` after Ctrl-C, which a long run says."""

    def __init__(self, unit: str = "scenarios", *, resumes: bool = False, hidden: bool = False) -> None:
        self._console = Console(file=sys.stderr, highlight=False, force_terminal=False if hidden else None)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {unit}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._unit, self._says_length = unit, resumes
        self._task: TaskID | None = None
        self._first: tuple[float, int] | None = None  # when the first message came, and what was done by then
        self._shown = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:  # elsewhere old releases of rich leave an empty line behind
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def __call__(self, message: messages.Progress) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now, message.done
            self._task = self._bar.add_task(message.work, total=message.total, completed=message.done)
        elif now - self._shown >= SECONDS_BETWEEN or message.done == message.total:
            assert self._task is not None
            self._bar.update(self._task, description=message.work, total=message.total, completed=message.done)
            self._shown = now
        if self._says_length:
            self._say_length(message, now)

    def _say_length(self, message: messages.Progress, now: float) -> None:
        assert self._first is not None
        started, done = self._first
        if now - started < MEASURE_FOR:
            return
        self._says_length = False
        rate = (message.done - done) / (now - started)
        seconds_left = (message.total - message.done) / rate if rate else 0
        if seconds_left >= LONG_RUN:
            text = f"{rate:,.0f} {self._unit} a second: about {length(seconds_left)} more"
            self._bar.console.print(f"pte-review: {text}; Ctrl-C stops, the same command goes on", soft_wrap=True)


def length(seconds: float) -> str:
    """A duration in the unit a person would take."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
