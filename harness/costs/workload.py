# SPDX-License-Identifier: GPL-2.0-only
"""A named scenario whose cost is worth knowing, and what somebody claimed of costs, counted."""

from collections.abc import Callable
from dataclasses import dataclass

from pte_review.harness.errors import UsageError
from pte_review.models.config import Config
from pte_review.models.scenario import Scenario

HOLDS, IN_PART, NOT = "holds", "holds in part", "does not hold"
UNSEEN = "not seen in these counts"  # it is about time, and no count differs


@dataclass(frozen=True, slots=True)
class Claim:
    """Three lines: what is claimed, what was counted, where it does not hold."""

    claimed: str
    verdict: str
    counted: str
    but: str


@dataclass(frozen=True, slots=True)
class Workload:
    """`build(arch, config, size)` makes the scenario with `size` entries in its range; `size` is the natural one."""

    name: str
    what: str
    size: int
    build: Callable[[str, Config, int], Scenario]

    def scenario(self, arch: str, size: int | None = None, config: Config | None = None) -> Scenario:
        """The scenario on `arch`. Raises UsageError for a size that no page table has."""
        config = config or Config()
        entries = self.size if size is None else size
        if not 1 <= entries <= config.ptrs_per_pte:
            raise UsageError(f"size: expected 1 to {config.ptrs_per_pte} entries, got {entries}")
        return self.build(arch, config, entries)
