# SPDX-License-Identifier: GPL-2.0-only
"""A CPU with BBML2 and no TLB conflict aborts: entries may be cleared and set again without a flush in between.

arch/arm64/mm/contpte.c:contpte_convert() does since commit 83bbd6be7d17 (v6.17). What was cached of such an entry
translates as the new entry does, so nothing stale is left behind. Only scenarios with such a CPU pay for it (fresh.py).
"""

from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.scenario import Scenario


class ElidedFlushes(KernelArm64):
    """KernelArm64 that remembers what a cleared entry held."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.cleared: dict[int, int] = {}  # by ptep: the one value of it that may be cached

    def xchg0(self, ptep: int) -> int:
        more = ptep in self.stale  # of another value yet
        pte = super().xchg0(ptep)
        if self.pte_valid(pte) and not more:
            self.cleared[ptep] = pte
        return pte

    def store(self, ptep: int, pte: int) -> None:
        super().store(ptep, pte)
        before = self.cleared.pop(ptep, 0)
        if before and self._translates_as(before, pte):
            self.stale.discard(ptep)

    def _translates_as(self, before: int, pte: int) -> bool:
        """Whether a CPU that cached `before` does what `pte` asks: the same page, protection and, if dirty, dirty."""
        if self.pte_dirty(before) and not self.pte_dirty(pte):
            return False
        ignored = (self.pte_mknoncont(self.pte_mkold(self.pte_mkclean(word))) for word in (before, pte))
        return next(ignored) == next(ignored)

    def xchg0_block(self, ptep: int, nr: int) -> list[int]:
        return [self.xchg0(ptep + i) for i in range(nr)]

    def store_block(self, ptep: int, ptes: list[int]) -> None:
        for i, pte in enumerate(ptes):
            self.store(ptep + i, pte)
