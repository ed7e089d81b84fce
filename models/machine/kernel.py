# SPDX-License-Identifier: GPL-2.0-only
"""The kernel as a version sees it: every primitive and predicate under its kernel name, one file a subsystem."""

from collections.abc import Callable, Iterator

from pte_review.models.arch.x86_64 import X86_64
from pte_review.models.machine.protection import Protection
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma

EAGAIN = 11
SINGLE_DEPTH_NESTING = 1


class Kernel(Protection):
    """The machine with the generic primitives; abstract in the PTE word."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.CONFIG_MEM_SOFT_DIRTY = scenario.config.mem_soft_dirty

    # -- the language

    def for_loop(self, condition: Callable[[], bool], step: Callable[[], None]) -> Iterator[None]:
        """C's `for (; condition; step)`: `continue` steps and tests, `break` and `return` leave without a step."""
        while condition():
            self.tick()
            yield
            step()

    def VM_WARN_ON_ONCE(self, condition: Callable[[], bool]) -> None:
        """Evaluates its condition only with CONFIG_DEBUG_VM."""
        if self.config.debug_vm:
            self.read_event = "R.debug_vm"
            hit = condition()
            self.read_event = "R"
            if hit:
                self.warn("VM_WARN_ON_ONCE")

    def WARN_ON_ONCE(self, condition: bool) -> bool:
        if condition:
            self.warn("WARN_ON_ONCE")
        return condition

    def pgtable_supports_soft_dirty(self) -> bool:
        """Since v6.18, in the place of IS_ENABLED(CONFIG_MEM_SOFT_DIRTY)."""
        return self.config.mem_soft_dirty

    # -- the VMA

    def vma_has_uffd_without_event_remap(self, vma: Vma) -> bool:
        """include/linux/userfaultfd_k.h: a userfaultfd context of any mode without UFFD_FEATURE_EVENT_REMAP."""
        return vma.uffd and not vma.uffd_event_remap

    def pte_marker_uffd_wp(self, pte: int) -> bool:
        marker = super().pte_marker_uffd_wp(pte)
        if marker:
            self.exercised.add("uffd-wp marker")
        return marker


class KernelX86_64(X86_64, Kernel):
    """x86_64: the generic primitives; ptep_get_and_clear() is an atomic exchange."""

    def __init__(self, scenario: Scenario) -> None:
        X86_64.__init__(self, scenario.config)
        Kernel.__init__(self, scenario)
