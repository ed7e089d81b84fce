# SPDX-License-Identifier: GPL-2.0-only
"""Lazy MMU mode and TLB flushes.

A TLB may have cached every valid entry on every CPU (state.py:stale). Where other CPUs act in a scenario, actors.py
keeps their translations one by one.
"""

from pte_review.models.config import PAGE_SIZE
from pte_review.models.machine.state import Machine, check_word
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma

USER_END = 1 << 57  # bytes


class Tlb(Machine):
    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.tlb_flush_batched = False  # reclaim has unmapped pages of the mm and not flushed yet

    def arch_enter_lazy_mmu_mode(self) -> None:
        self.events.append(("arch_enter_lazy_mmu_mode",))
        if self.lazy_mmu:
            self.imbalance("lazy MMU mode is entered twice")
        self.lazy_mmu += 1

    # In v7.1, not yet in v6.19: sections nest, and a section may be paused.

    def lazy_mmu_mode_enable(self) -> None:
        self.events.append(("lazy_mmu_mode_enable",))
        self.lazy_mmu += 1

    def lazy_mmu_mode_disable(self) -> None:
        self.events.append(("lazy_mmu_mode_disable",))
        self._leave_lazy_mmu()

    def lazy_mmu_mode_pause(self) -> None:
        """Updates go to the page tables at once until lazy_mmu_mode_resume(), whatever section is open."""
        self.events.append(("lazy_mmu_mode_pause",))
        self.lazy_mmu_paused += 1

    def lazy_mmu_mode_resume(self) -> None:
        self.events.append(("lazy_mmu_mode_resume",))
        if not self.lazy_mmu_paused:
            self.imbalance("lazy MMU mode is resumed but was not paused")
            return
        self.lazy_mmu_paused -= 1

    def _leave_lazy_mmu(self) -> None:
        if not self.lazy_mmu:
            self.imbalance("lazy MMU mode is left but was not entered")
            return
        self.lazy_mmu -= 1

    def arch_leave_lazy_mmu_mode(self) -> None:
        self.events.append(("arch_leave_lazy_mmu_mode",))
        self._leave_lazy_mmu()

    def flush_tlb_batched_pending(self, mm: int) -> None:
        """mm/rmap.c: the flush of the whole mm that reclaim has put off, if there is one."""
        self.events.append(("flush_tlb_batched_pending",))
        if self.tlb_flush_batched:
            self.tlb_flush_batched = False
            self.invalidate(0, USER_END, mm)

    def flush_tlb_range(self, vma: Vma, start: int, end: int) -> None:
        """Invalidate [start, end) bytes of the mm on every CPU."""
        check_word(start)
        check_word(end)
        self.events.append(("flush_tlb_range", start, end))
        if self.lazy_mmu and not self.lazy_mmu_paused:
            self.violate("flush_tlb_range() in lazy MMU mode, where updates may still be queued", 0)
        self.invalidate(start, end, vma.vm_mm)

    def flush_tlb_page(self, vma: Vma, addr: int) -> None:
        """Invalidate the page at `addr` on every CPU."""
        check_word(addr)
        self.events.append(("flush_tlb_page", addr))
        self.invalidate(addr, addr + PAGE_SIZE, vma.vm_mm)

    def flush_tlb_mm(self, mm: int) -> None:
        """Invalidate everything of the mm on every CPU."""
        self.events.append(("flush_tlb_mm",))
        self.invalidate(0, USER_END, mm)

    def local_flush_tlb_all(self) -> None:
        """Invalidate everything on this CPU only: what other CPUs have cached stays."""
        self.events.append(("local_flush_tlb_all",))
