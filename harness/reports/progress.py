# SPDX-License-Identifier: GPL-2.0-only
"""Progress on a terminal's stderr while a review runs; silent elsewhere."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

STEP = 50  # scenarios between two updates


class ProgressBar:
    """A Reporter that draws one bar an architecture."""

    def __init__(self) -> None:
        console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def exploring(self, arch: str, done: int, total: int) -> None:
        if done == 1:
            self._task = self._progress.add_task(f"{arch}: scenarios", total=total)
        if done % STEP == 0 or done == total:
            self._progress.update(self._task, completed=done)

    def hunting(self, what: str, total: int, before: int, done: int) -> None:
        """`what` is hunted, `done` of its hunts are over and `before` of others, of `total` of all."""
        if before + done == 0:
            self._task = self._progress.add_task(what, total=total)
        self._progress.update(self._task, description=what, completed=before + done)

    def minimising(self, arch: str, kind: str) -> None:
        self._progress.update(self._task, description=f"{arch}: minimising {kind}")
