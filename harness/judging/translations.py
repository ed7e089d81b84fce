# SPDX-License-Identifier: GPL-2.0-only
"""Which cached translations outlive a run whose flush is put off: those that allow what the entry does not any more."""

from collections.abc import Iterator

from pte_review.models.arch.word import PteWords
from pte_review.models.machine.state import Event
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario


def outlived(words: PteWords, scenario: Scenario, outcome: Outcome) -> list[int]:
    """The pteps at which a TLB may hold, when the run is over, what the entry there does not allow."""
    places = scenario.places
    pteps = []
    for ptep in outcome.stale_at_end:
        number, entry = places.entry(ptep)
        after = outcome.tables[number][entry]
        before = scenario.whole_tables[number][entry]
        cached = _cached(_about(outcome.events, ptep, places.va(ptep)), before)
        if any(pte is None or (words.pte_valid(pte) and not words.mmu_forgives(pte, after)) for pte in cached):
            pteps.append(ptep)
    return pteps


def _about(events: tuple[Event, ...], ptep: int, va: int) -> Iterator[Event]:
    """The events that change an entry or flush its address."""
    for event in events:
        match event[0]:
            case "X" | "S" | "hw" if event[1] == ptep:
                yield event
            case "fault" | "mkclean" | "reclaim" if event[2] == ptep:
                yield event
            case "T" if int(event[1]) <= va < int(event[2]):
                yield event


def _cached(events: Iterator[Event], before: int) -> set[int | None]:
    """The values of the entry that may be cached; None is a translation that the table does not hold any more."""
    now = before
    held: set[int | None] = {before}
    for event in events:
        match event[0]:
            case "X":
                held.add(int(event[2]))
                now = 0
            case "S" | "hw":
                now = int(event[2])
                held.add(now)
            case "fault":
                now = int(event[3])
                held.add(now)
            case "reclaim":
                held.add(None)
            case "mkclean":  # with a flush of its own
                now = int(event[3])
                held = {now}
            case "T":
                held = {now}
    return held
