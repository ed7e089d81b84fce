# SPDX-License-Identifier: GPL-2.0-only
"""Why a run ends before the version returns. Raised by the machine, caught by port.py, never shown as tracebacks."""


class EndOfRun(BaseException):
    """A run that cannot go on. `ending` is its stable name in outcomes.

    No Exception, so that a version's own `except Exception` does not take it for an error of its own.
    """

    ending: str


class TableOverrun(EndOfRun):
    """An access outside both page tables. `ptep` is where."""

    ending = "table-overrun"

    def __init__(self, ptep: int) -> None:
        self.ptep = ptep
        super().__init__("an access outside the page table")


class NoProgress(EndOfRun):
    """More loop passes or events than any call on one page table needs."""

    ending = "no-progress"
