# SPDX-License-Identifier: GPL-2.0-only
"""Which present entries get a NUMA hint: those whose next fault is of use to NUMA balancing."""

from pte_review.models.change_pte_range.call import ProtectCall
from pte_review.models.machine.numa import FIRST_SLOW_NODE
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma

HINTED, SKIPPED, MAY_BE = "hinted", "skipped", "may be"


def numa_hint(scenario: Scenario, vma: Vma, pte: int) -> str:
    """Whether `pte` gets a hint.

    A pinned folio cannot migrate. v6.17 and v6.18 ask for it in copy-on-write mappings only, v6.19 everywhere: a hint
    is in vain there, and harmless.
    """
    words, config = scenario.words, scenario.config
    if words.pte_protnone(pte) or words.pte_special(pte) or words.pte_pfn(pte) > config.highest_memmap_pfn:
        return SKIPPED
    folio = scenario.folio_of(words.pte_pfn(pte)) or Folio(words.pte_pfn(pte), anon=False)
    copy_on_write = not vma.shared and vma.maywrite
    if folio.device or folio.ksm or (copy_on_write and (folio.shared or folio.pinned)):
        return SKIPPED
    if not folio.anon and folio.dirty:
        return SKIPPED
    if _at_home(scenario, vma, folio) or (not config.numa_normal and folio.nid < FIRST_SLOW_NODE):
        return SKIPPED
    return MAY_BE if folio.pinned else HINTED


def _at_home(scenario: Scenario, vma: Vma, folio: Folio) -> bool:
    """On the node that the one thread of the process runs on."""
    assert isinstance(scenario.call, ProtectCall)
    return scenario.call.single_threaded and not vma.shared and folio.nid == 0
