# SPDX-License-Identifier: GPL-2.0-only
"""What people are told of a move."""

from collections.abc import Iterator

from pte_review.harness.subject import Words
from pte_review.harness.subjects.move_ptes.reached import REACHED
from pte_review.models.move_ptes.call import move_arguments
from pte_review.models.scenario import Scenario

SENTENCES = {
    "write-gained": "makes {slot} writable; the page was mapped read-only before the move",
    "entry-lost": "loses {before}: it is in neither table afterwards",
    "entry-left-behind": "leaves {before} in {slot}, and out of the new range",
    "entry-duplicated": "leaves {before} in {slot}, and has it in the new range as well",
    "uffd-wp-kept": "keeps uffd-wp in {slot}, which the move should have cleared",
    "other-bits": "changes bits of {slot} that a move leaves alone",
    "stale-tlb": "drops a page-table lock while a translation that {slot} had before may still be cached",
    "outside-range": "changes {slot}, which lies outside both ranges",
    "destination-kept": "keeps {entry}, which {slot} held before the move",
}

ORDINARY = {"need_rmap_locks": False, "split_ptlocks": True, "old_maps": True, "new_maps": True}


def _headline(scenario: Scenario) -> str:
    old, new = scenario.ranges
    pages = "1 page" if old.nr == 1 else f"{old.nr} pages"
    where = "  (one table)" if old.table == new.table else ""
    return f"move   {pages} from {scenario.address(old):#x} to {scenario.address(new):#x}{where}"


def _options(scenario: Scenario) -> list[str]:
    arguments = move_arguments(scenario)
    return [name if arguments[name] else f"no {name}" for name, usual in ORDINARY.items() if arguments[name] != usual]


def _recipes(scenario: Scenario) -> Iterator[str]:
    vma, words = scenario.vma, scenario.words
    moves_swap = any(words.is_swap_pte(pte) for _, pte in scenario.tables[0].entries)
    if moves_swap and vma.uffd and not vma.uffd_event_remap:
        yield "userfaultfd without UFFD_FEATURE_EVENT_REMAP"


WORDS = Words(
    headline=_headline,
    options=_options,
    system_call="mremap",
    recipes=_recipes,
    sentences=SENTENCES,
    reached=REACHED,
)
