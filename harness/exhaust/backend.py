# SPDX-License-Identifier: GPL-2.0-only
"""The backends that can run a stretch of cases. Only backend_for() chooses one."""

from typing import Protocol

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.exhaust.python_backend import PythonBackend
from pte_review.harness.exhaust.tally import SpaceTally
from pte_review.harness.judging.contracts import Contract
from pte_review.harness.subject import Subject
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.version import Version


class Backend(Protocol):
    """Runs cases `first` to `end` - 1 of a block: the same tally every time, its examples in block 0.

    `piece` is how many cases take a second or two.
    """

    piece: int

    def run(self, block: Block, first: int, end: int) -> SpaceTally: ...


def backend_for(subject: Subject, base: Version, candidate: Version, contract: Contract) -> Backend:
    """The fastest backend for this pair: C where both are kernel text. Raises VersionError."""
    if isinstance(base, TreeVersion) and isinstance(candidate, TreeVersion):
        return NativeBackend(subject, base, candidate, contract)
    return PythonBackend(subject, base, candidate, contract)
