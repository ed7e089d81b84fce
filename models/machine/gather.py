# SPDX-License-Identifier: GPL-2.0-only
"""mmu_gather: the flush that callers put off until all their tables are changed. include/asm-generic/tlb.h.

Only the range that has to be flushed is here: functions that free pages or page tables are not modelled.
"""

from pte_review.models.machine.state import check_word
from pte_review.models.machine.tlb import USER_END, Tlb
from pte_review.models.scenario import Scenario


class MmuGather:
    """struct mmu_gather of the mm numbered `mm`: [start, end) bytes are to be flushed if there are `cleared_ptes`."""

    __slots__ = ("cleared_ptes", "end", "mm", "start")

    def __init__(self, mm: int) -> None:
        self.mm = mm
        self.start, self.end = USER_END, 0
        self.cleared_ptes = False


class Gather(Tlb):
    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.gather = MmuGather(self.vma.vm_mm)  # the caller's, which it has opened before the call

    def tlb_change_page_size(self, tlb: MmuGather, page_size: int) -> None:
        """Nothing where all pages of a gather may have any size: CONFIG_MMU_GATHER_PAGE_SIZE is powerpc's."""
        check_word(page_size)

    def tlb_flush_pte_range(self, tlb: MmuGather, address: int, size: int) -> None:
        """The gather has to flush `size` more bytes from `address` on."""
        check_word(address)
        check_word(size)
        self.events.append(("tlb_flush_pte_range", address, size))
        tlb.start, tlb.end = min(tlb.start, address), max(tlb.end, address + size)
        tlb.cleared_ptes = True

    def tlb_finish_mmu(self, tlb: MmuGather) -> None:
        """The caller's part, when it has changed all tables: one flush from the lowest to the highest address."""
        if not tlb.cleared_ptes:
            return
        self.events.append(("tlb_finish_mmu", tlb.start, tlb.end))
        self.invalidate(tlb.start, tlb.end, tlb.mm)
