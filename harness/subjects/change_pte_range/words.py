# SPDX-License-Identifier: GPL-2.0-only
"""The words in which reports describe a change of protection."""

from collections.abc import Iterator

from pte_review.harness.subject import Words
from pte_review.harness.subjects.change_pte_range.reached import REACHED
from pte_review.models.change_pte_range.call import MPROTECT, NUMA, UFFD_PROTECT, ProtectCall
from pte_review.models.change_pte_range.legal import AS_VMA
from pte_review.models.scenario import Folio, Scenario

SENTENCES = {
    "write-gained": "makes {slot} writable, where the first store should fault",
    "entry-lost": "loses {before}",
    "uffd-wp-kept": "keeps uffd-wp in {slot}, which the call should have resolved",
    "uffd-wp-lost": "leaves {slot} without the uffd-wp that it should have",
    "other-bits": "gives {slot} other protection bits than it should have",
    "stale-tlb": "leaves {slot} out of the mmu_gather: its old translation may still be cached when the caller is done",
    "write-lost": "takes write permission away from {slot}, which the new protection gives",
}


def _call(scenario: Scenario) -> ProtectCall:
    assert isinstance(scenario.call, ProtectCall)
    return scenario.call


def _headline(scenario: Scenario) -> str:
    call, (where,) = _call(scenario), scenario.ranges
    pages = "1 page" if where.nr == 1 else f"{where.nr} pages"
    caller = call.caller
    if caller == MPROTECT:
        caller = f"mprotect from {scenario.vma.letters or 'none'} to {call.seen(scenario.vma).letters or 'none'}"
        caller += f", newprot of {call.newprot_of or 'none'}" if call.newprot_of != AS_VMA else ""
    return f"protect {pages} from {scenario.address(where):#x}, {caller}"


def _options(scenario: Scenario) -> list[str]:
    options = ["one thread"] if _call(scenario).single_threaded else []
    return options if scenario.tables[0].maps else [*options, "the table does not map"]


def _recipes(scenario: Scenario) -> Iterator[str]:
    """How anonymous pages come not to be exclusive; how the call is made, where it is not mprotect() itself."""
    caller = _call(scenario).caller
    then = ", mprotect" if caller == MPROTECT else ""
    folios = [folio for folio in _mapped(scenario) if folio.anon and not folio.ksm]
    if any(folio.shared and folio.exclusive for folio in folios):
        yield f"part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK{then}"
    elif any(folio.exclusive and folio.exclusive != ((0, 1 << folio.order),) for folio in folios):
        yield f"a large folio shared, the child gone, one page written (v6.15){then}"
    elif any(not folio.exclusive for folio in folios):
        yield f"fork{then}" if any(folio.shared for folio in folios) else f"fork, the child gone{then}"
    if caller == NUMA:
        yield "NUMA balancing scans the range"
    elif caller != MPROTECT:
        yield "UFFDIO_WRITEPROTECT" if caller == UFFD_PROTECT else "UFFDIO_WRITEPROTECT, then without the mode"


def _mapped(scenario: Scenario) -> list[Folio]:
    """The folios that present entries map."""
    words = scenario.words
    present = (pte for _, pte in scenario.tables[0].entries if words.pte_present(pte))
    folios = (scenario.folio_of(words.pte_pfn(pte)) for pte in present)
    return [folio for folio in folios if folio is not None]


WORDS = Words(
    headline=_headline,
    options=_options,
    system_call="mprotect",
    recipes=_recipes,
    sentences=SENTENCES,
    reached=REACHED,
)
