# SPDX-License-Identifier: GPL-2.0-only
"""What the page fault of a store makes of an entry: mm/memory.c:handle_pte_fault() with the page-table lock held.

Only faults after which the same page is mapped do something here. The others go elsewhere: a copy of a page that is not
AnonExclusive, a page that is read in, a message to userspace, a signal. NUMA balancing leaves the page where it is.
"""

from pte_review.models.scenario import Scenario


def stored_to(scenario: Scenario, pte: int) -> int:
    """The entry that the fault leaves where it finds `pte`; `pte` itself where it goes elsewhere."""
    words, vma = scenario.words, scenario.call.seen(scenario.vma)
    # access_error() of the architectures: ordinary stores to a shadow stack are refused.
    if not words.pte_present(pte) or words.pte_special(pte) or not vma.write or vma.shadow_stack:
        return pte
    entry = pte
    if words.pte_protnone(pte):
        if words.userfaultfd_rwp(vma) and words.pte_uffd(pte):
            return pte
        # do_numa_page(). What it upgrades by hand is what the next fault of the same store does.
        entry = words.pte_mkyoung(words.pte_modify(pte, words.vm_page_prot(vma)))
    if words.pte_write(entry):
        return words.pte_mkyoung(words.pte_mkdirty(entry))
    if words.userfaultfd_wp(vma) and words.pte_uffd_wp(entry):
        return entry
    folio = scenario.folio_of(words.pte_pfn(entry))
    reused = folio is not None and folio.anon and folio.is_exclusive(words.pte_pfn(entry))
    if not (vma.shared or reused):
        return entry
    return words.pte_mkwrite(words.pte_mkdirty(words.pte_mkyoung(entry)), vma)  # wp_page_reuse()
