# SPDX-License-Identifier: GPL-2.0-only
"""wrprotect_range(), a toy function: one range of one table, every present entry of which loses write permission."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pte_review.models.call import Breach, Call
from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SIZE
from pte_review.models.function import Function
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma


@dataclass(frozen=True, slots=True)
class WrprotectCall(Call):
    """The caller adds nothing."""

    def check(self, scenario: Scenario, path: str) -> None:
        if len(scenario.ranges) != 1 or len(scenario.tables) != 1:
            raise SchemaError(f"{path}.ranges", "one range of one table", len(scenario.ranges))

    def breaches(self, scenario: Scenario) -> Iterator[Breach]:
        return iter(())

    def arguments(self, k: Kernel) -> tuple[Vma, Pmd, int, int]:
        """vma, pmd, addr and end in bytes."""
        (where,) = k.scenario.ranges
        addr = k.scenario.address(where)
        return k.scenario.vma, k.pmds[0], addr, addr + where.nr * PAGE_SIZE


FUNCTION = Function(
    name="wrprotect_range",
    parameters=("k", "vma", "pmd", "addr", "end"),
    call=WrprotectCall,
    folder=Path(__file__).parent / "versions",
    first=("each_entry",),
)
