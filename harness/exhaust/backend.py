# SPDX-License-Identifier: GPL-2.0-only
"""Who runs a stretch of tables. backend_for() alone chooses."""

from typing import Protocol

from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.model import PythonBackend
from pte_review.harness.exhaust.native import NativeBackend
from pte_review.harness.exhaust.tally import Tally
from pte_review.harness.judging.contracts import Contract
from pte_review.models.native.tree_version import TreeVersion
from pte_review.models.port import Version


class Backend(Protocol):
    """Runs tables `first` to `end` - 1 of a block: the same tally every time, its examples in block 0.

    `piece` is how many tables take a second or two.
    """

    piece: int

    def run(self, block: Block, first: int, end: int) -> Tally: ...


def backend_for(base: Version, candidate: Version, contract: Contract) -> Backend:
    """The fastest backend that can run this pair: C where both are kernel text. Raises VersionError."""
    if isinstance(base, TreeVersion) and isinstance(candidate, TreeVersion):
        return NativeBackend(base, candidate, contract)
    return PythonBackend(base, candidate, contract)
