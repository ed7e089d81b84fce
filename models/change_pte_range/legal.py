# SPDX-License-Identifier: GPL-2.0-only
"""What callers of change_pte_range() see to: which call is made on which VMA. It is all of a scenario's shape."""

from collections.abc import Iterator

from pte_review.models.arch.word import MAX_SWAPFILES
from pte_review.models.call import Breach
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma

SHAPE = "shape"  # models/legal.py


def breaches(scenario: Scenario, caller: str, vma: Vma) -> Iterator[Breach]:
    """Why no `caller` would call the function on `scenario`, whose VMA it finds as `vma`."""
    for what in _caller(scenario, caller, vma):
        yield Breach(SHAPE, 0, -1, what)
    words = scenario.words
    for index, pte in scenario.tables[0].entries:
        swap = words.is_swap_pte(pte)
        if swap and words.pte_swp_exclusive(pte) and words.swp_type(pte) >= MAX_SWAPFILES:
            yield Breach(SHAPE, 0, index, "the exclusive flag in an entry that is no swap entry")


def _caller(scenario: Scenario, caller: str, vma: Vma) -> Iterator[str]:
    old, config = scenario.vma, scenario.config
    if caller == "mprotect":
        if (vma.read, vma.write, vma.exec) == (old.read, old.write, old.exec):
            yield "mprotect() returns early where no flag of the VMA changes"
        if vma.write and not vma.maywrite:
            yield "mprotect() refuses what VM_MAYWRITE forbids"
        if vma.shadow_stack and not vma.write:
            yield "a shadow stack is not made read-only"
    elif caller == "numa":
        if not vma.accessible or vma.pfnmap or vma.mixedmap or (vma.vm_file and vma.read and not vma.write):
            yield "NUMA balancing leaves this VMA alone"
    else:
        if not vma.uffd or not {"wp", "rwp"} & {*vma.uffd_modes}:
            yield "a userfaultfd that does not protect"
        if not config.uffd_wp or vma.shadow_stack or vma.pfnmap or vma.mixedmap:
            yield "such a VMA is not registered in a mode that protects"
        if vma.vm_file and not config.pte_marker_uffd_wp:
            yield "a file is write-protected only where there are markers"
    if vma.uffd_wp_unpopulated and not (vma.uffd and config.pte_marker_uffd_wp):
        yield "UFFD_FEATURE_WP_UNPOPULATED without a userfaultfd or without markers"
