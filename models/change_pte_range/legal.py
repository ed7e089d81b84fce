# SPDX-License-Identifier: GPL-2.0-only
"""What callers of change_pte_range() ensure: which call is made on which VMA. A breach outside RULES is SHAPE."""

from collections.abc import Iterator

from pte_review.models.arch.word import MAX_SWAPFILES
from pte_review.models.call import Breach
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma

SHAPE = "shape"  # models/legal.py
RULES = {
    "newprot-disagrees": "newprot is not the vm_page_prot of the VMA's flags",
    "nothing-changes": "mprotect() to the protection that the VMA has",
    "numa-skipped": "a NUMA hint in a VMA that NUMA balancing skips: PROT_NONE, PFNMAP, MIXEDMAP, a read-only file",
    "not-registered": "userfaultfd protects in a VMA that is not registered for it, or cannot be",
}
AS_VMA = "vma"  # newprot is what the VMA says


def breaches(scenario: Scenario, caller: str, vma: Vma) -> Iterator[Breach]:
    """Why no `caller` would call the function on `scenario`, whose VMA it finds as `vma`."""
    for rule, what in _caller(scenario, caller, vma):
        yield Breach(rule, 0, -1, what)
    words = scenario.words
    for index, pte in scenario.tables[0].entries:
        swap = words.is_swap_pte(pte)
        if swap and words.pte_swp_exclusive(pte) and words.swp_type(pte) >= MAX_SWAPFILES:
            yield Breach(SHAPE, 0, index, "the exclusive flag in an entry that is no swap entry")


def _caller(scenario: Scenario, caller: str, vma: Vma) -> Iterator[tuple[str, str]]:
    old, config = scenario.vma, scenario.config
    if caller == "mprotect":
        if (vma.read, vma.write, vma.exec) == (old.read, old.write, old.exec):
            yield "nothing-changes", "mprotect() returns early where no flag of the VMA changes"
        if vma.write and not vma.maywrite:
            yield SHAPE, "mprotect() refuses what VM_MAYWRITE forbids"
        if vma.shadow_stack and not vma.write:
            yield SHAPE, "a shadow stack is not made read-only"
    elif caller == "numa":
        if not vma.accessible or vma.pfnmap or vma.mixedmap or (vma.vm_file and vma.read and not vma.write):
            yield "numa-skipped", "NUMA balancing leaves this VMA alone"
    else:
        if not vma.uffd or not {"wp", "rwp"} & {*vma.uffd_modes}:
            yield "not-registered", "a userfaultfd that does not protect"
        if not config.uffd_wp or vma.shadow_stack or vma.pfnmap or vma.mixedmap:
            yield "not-registered", "such a VMA is not registered in a mode that protects"
        if vma.vm_file and not config.pte_marker_uffd_wp:
            yield "not-registered", "a file is write-protected only where there are markers"
    if vma.uffd_wp_unpopulated and not (vma.uffd and config.pte_marker_uffd_wp):
        yield SHAPE, "UFFD_FEATURE_WP_UNPOPULATED without a userfaultfd or without markers"
