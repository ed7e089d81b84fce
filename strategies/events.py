# SPDX-License-Identifier: GPL-2.0-only
"""Scheduled events: what other CPUs, the MMU and the kernel's other side do while a scenario's range moves.

Independent events hardly ever meet. Most of what is drawn here is a story: events that together bring a machine to
where a version can go wrong, with times and entries left to chance.
"""

from collections.abc import Callable
from dataclasses import replace

from pte_review.models.config import PAGE_SIZE
from pte_review.models.scenario import Scenario
from pte_review.models.scheduled import ACCESS, ANCHORS, CHANGE, PHASES, UNLOCKED_YET, ScheduledEvent, When
from pte_review.strategies.choices import Choices

EVENT_BYTES = 20
OFTEN = 30  # of 100 scenarios
ONE_PAGE = 80  # of 100 that are about one page
ALONE = (0, 1, 2, *(None,) * 29)  # which event of a story stays; mostly all do
LATE = ("unlocked", "returned", "unlocking")
Events = tuple[ScheduledEvent, ...]


def with_events(scenario: Scenario, choices: Choices, *, may_cut: bool) -> Scenario:
    """`scenario`, in some of all cases with events, and then perhaps of one page if it `may_cut` the range."""
    if not choices.chance(OFTEN):
        return scenario
    alone = choices.pick(ALONE)  # for a shrinker: one event of a story is simpler than all
    story = choices.pick(STORIES)
    written = _written(scenario, choices)
    if choices.chance(ONE_PAGE) and may_cut and story in (_race, _write_after_clean):
        scenario = _one_page(scenario, written)
    events = story(scenario, choices)
    return replace(scenario, scheduled=events if alone is None else events[alone : alone + 1] or events[:1])


def _one_page(scenario: Scenario, slot: int) -> Scenario:
    """One page moves: nothing that a version does for its neighbours covers up what it does not do for this one."""
    by = slot * PAGE_SIZE
    return replace(scenario, old_addr=scenario.old_addr + by, new_addr=scenario.new_addr + by, extent=PAGE_SIZE)


def _slot(scenario: Scenario, choices: Choices, suits: Callable[[int], bool]) -> int:
    """A slot of the old range whose entry `suits`, any slot if none does."""
    first = scenario.old_index
    slots = [i - first for i, pte in scenario.old_table if first <= i < first + scenario.nr and suits(pte)]
    at = choices.wide(1 << 16)
    return slots[at * len(slots) >> 16] if slots else at * scenario.nr >> 16


def _written(scenario: Scenario, choices: Choices) -> int:
    """The slot of a writable entry; most often a clean one, which the MMU has to look at again."""
    words = scenario.words
    if choices.chance(80):
        return _slot(scenario, choices, lambda pte: words.mmu_may_write(pte) and not words.mmu_dirty(pte))
    return _slot(scenario, choices, words.mmu_may_write)


def _when(choices: Choices, table: str, slot: int) -> When:
    """Before the first change of an entry or one of the first accesses; sometimes a phase."""
    nth = 1 + choices.below(4)
    phase = choices.pick((CHANGE, CHANGE, CHANGE, ACCESS, ACCESS, *PHASES))
    if phase not in ANCHORS:
        return When(phase)
    return When(phase, table, slot, nth if phase == ACCESS else 1 + (nth == 4))


def _race(scenario: Scenario, choices: Choices) -> Events:
    """The MMU sets accessed or dirty between two accesses of the version to the same entry."""
    slot = _written(scenario, choices)
    actor = choices.pick(("write", "write", "walk"))
    return (ScheduledEvent(actor, "old", slot, _when(choices, "old", slot), choices.pick((1, 1, 0))),)


def _write_after_clean(scenario: Scenario, choices: Choices) -> Events:
    """A CPU has the old translation; the page is cleaned at its new address; the CPU stores at the old one."""
    slot = _written(scenario, choices)
    first = choices.pick((When("call"), *(When(CHANGE, "old", slot),) * 3))
    actor = choices.pick((*("write",) * 5, "walk"))
    cleaned = choices.pick(("unlocked", "unlocked", "unlocked", "unlocking", "returned"))
    stored = choices.pick((*("unlocked",) * 5, "returned"))
    return (
        ScheduledEvent(actor, "old", slot, first),
        ScheduledEvent("mkclean", "new", slot, When(cleaned), 2),
        ScheduledEvent("write", "old", slot, When("returned" if cleaned == "returned" else stored)),
    )


def _two_addresses(scenario: Scenario, choices: Choices) -> Events:
    """One CPU has the old translation, another one walks to the new entry."""
    slot = _slot(scenario, choices, scenario.words.pte_valid)
    return (
        ScheduledEvent("walk", "old", slot, _when(choices, "old", slot)),
        ScheduledEvent(choices.pick(("walk", "write")), "new", slot, When(choices.pick(LATE)), choices.pick((2, 1))),
    )


def _pending_flush(scenario: Scenario, choices: Choices) -> Events:
    """Reclaim has unmapped a page of the range and not flushed yet: a swap entry is left, or none of a file's."""
    slot = _slot(scenario, choices, scenario.words.is_swap_pte)
    if scenario.words.pte_present(dict(scenario.old_table).get(scenario.old_index + slot, 0)):
        return ()
    return (ScheduledEvent("reclaim", "old", slot, When(choices.pick(UNLOCKED_YET))),)


def _onlooker(scenario: Scenario, choices: Choices) -> Events:
    """Somebody looks at a new entry while the version is still at work around it."""
    slot = _slot(scenario, choices, scenario.words.pte_valid)
    where = choices.pick((slot, slot, min(slot + 1, scenario.nr - 1)))
    actor = choices.pick(("gup", "write", "walk"))
    return (ScheduledEvent(actor, "new", slot, _when(choices, choices.pick(("new", "new", "old")), where)),)


def _anything(scenario: Scenario, choices: Choices) -> Events:
    """Up to three events that have nothing to do with each other; also in the entries around the range."""
    events = []
    for _ in range(1 + choices.below(3)):
        table = choices.pick(("old", "new"))
        first = scenario.old_index if table == "old" else scenario.new_index
        slot = choices.wide(scenario.nr)
        around = choices.pick((slot, slot, -1, scenario.nr))
        actor = choices.pick(("write", "walk", "gup", "mkclean"))
        if 0 <= first + around < scenario.config.ptrs_per_pte:
            slot = around
        events.append(ScheduledEvent(actor, table, slot, _when(choices, table, slot), choices.below(3)))
    return tuple(events)


STORIES = (
    *(_race,) * 3,
    *(_write_after_clean,) * 4,
    _two_addresses,
    *(_pending_flush,) * 2,
    _onlooker,
    _anything,
)
