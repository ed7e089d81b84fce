# SPDX-License-Identifier: GPL-2.0-only
"""Errors for a kernel that cannot be obtained, booted or recorded."""

from collections.abc import Sequence

from pte_review.harness.errors import UsageError


class LiveError(UsageError):
    """One line: what, where, expected what, try what. `details` go below, such as the last lines of a console."""

    def __init__(self, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)
