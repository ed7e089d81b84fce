# SPDX-License-Identifier: GPL-2.0-only
"""What people are told of a change of protection."""

from collections.abc import Iterator

from pte_review.harness.subject import Words
from pte_review.harness.subjects.change_pte_range.reached import REACHED
from pte_review.models.change_pte_range.call import MPROTECT, NUMA, UFFD_PROTECT, ProtectCall
from pte_review.models.scenario import Scenario
from pte_review.models.vma import Vma

SENTENCES = {
    "write-gained": "makes {slot} writable, which a store should first fault on",
    "entry-lost": "loses {before}",
    "uffd-wp-kept": "keeps uffd-wp in {slot}, which the call should have resolved",
    "uffd-wp-lost": "leaves {slot} without the uffd-wp that it should have",
    "other-bits": "gives {slot} other protection bits than it should have",
    "stale-tlb": "leaves {slot} out of the mmu_gather: what it allowed before may be cached when the caller is done",
    "write-lost": "takes write permission away from {slot}, which the new protection gives",
}


def _call(scenario: Scenario) -> ProtectCall:
    assert isinstance(scenario.call, ProtectCall)
    return scenario.call


def _access(vma: Vma) -> str:
    letters = zip("rwx", (vma.read, vma.write, vma.exec), strict=True)
    return "".join(letter for letter, on in letters if on) or "none"


def _headline(scenario: Scenario) -> str:
    call, (where,) = _call(scenario), scenario.ranges
    pages = "1 page" if where.nr == 1 else f"{where.nr} pages"
    caller = call.caller
    if caller == MPROTECT:
        caller = f"mprotect from {_access(scenario.vma)} to {_access(call.seen(scenario.vma))}"
    return f"protect {pages} from {scenario.address(where):#x}, {caller}"


def _options(scenario: Scenario) -> list[str]:
    options = ["one thread"] if _call(scenario).single_threaded else []
    return options if scenario.tables[0].maps else [*options, "the table does not map"]


def _recipes(scenario: Scenario) -> Iterator[str]:
    """How the call is made, where it is not mprotect() itself; how pages of a large folio come to differ."""
    call = _call(scenario)
    if call.caller == NUMA:
        yield "NUMA balancing scans the range"
    elif call.caller != MPROTECT:
        yield "UFFDIO_WRITEPROTECT" if call.caller == UFFD_PROTECT else "UFFDIO_WRITEPROTECT, then without the mode"
    if any(folio.shared and folio.exclusive for folio in scenario.folios):
        yield "part of a large folio shared: MADV_DONTFORK on the rest, fork, MADV_DOFORK, mprotect"
    elif any(folio.exclusive and folio.exclusive != ((0, 1 << folio.order),) for folio in scenario.folios):
        yield "a large folio shared, the child gone, one page written (v6.15), mprotect"


WORDS = Words(
    headline=_headline,
    options=_options,
    system_call="mprotect",
    recipes=_recipes,
    sentences=SENTENCES,
    reached=REACHED,
)
