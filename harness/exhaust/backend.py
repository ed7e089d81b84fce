# SPDX-License-Identifier: GPL-2.0-only
"""Who runs a stretch of tables. backend_for() alone chooses."""

from typing import Protocol

from harness.exhaust.block import Block
from harness.exhaust.model import PythonBackend
from harness.exhaust.native import NativeBackend
from harness.exhaust.tally import Tally
from harness.judging.contracts import Contract
from models.native.variant import TreeVariant
from models.variants import Variant


class Backend(Protocol):
    """Runs tables `first` to `end` - 1 of a block: the same tally every time, its examples in block 0.

    `piece` is how many tables take a second or two.
    """

    piece: int

    def run(self, block: Block, first: int, end: int) -> Tally: ...


def backend_for(base: Variant, candidate: Variant, contract: Contract) -> Backend:
    """The fastest backend that can run this pair: C where both are kernel text. Raises VariantError."""
    if isinstance(base, TreeVariant) and isinstance(candidate, TreeVariant):
        return NativeBackend(base, candidate, contract)
    return PythonBackend(base, candidate, contract)
