# SPDX-License-Identifier: GPL-2.0-only
"""Scheduled events: what other CPUs, the MMU and the kernel's other side do while a scenario's range moves.

Independent events hardly ever meet. Most of what is drawn here is a story: events that together bring a machine to
where a version can go wrong, with times and entries left to chance.
"""

from collections.abc import Callable
from dataclasses import replace

from models.scenario import Scenario
from models.scheduled import ACCESS, PHASES, ScheduledEvent, When
from strategies.choices import Choices

EVENT_BYTES = 20
OFTEN = 30  # of 100 scenarios
LATE = ("unlocked", "returned", "unlocking")
Events = tuple[ScheduledEvent, ...]


def with_events(scenario: Scenario, choices: Choices) -> Scenario:
    """`scenario`, in some of all cases with events."""
    if not choices.chance(OFTEN):
        return scenario
    return replace(scenario, scheduled=choices.pick(STORIES)(scenario, choices))


def _slot(scenario: Scenario, choices: Choices, suits: Callable[[int], bool]) -> int:
    """A slot of the old range whose entry `suits`, any slot if none does."""
    first = scenario.old_index
    slots = [i - first for i, pte in scenario.old_table if first <= i < first + scenario.nr and suits(pte)]
    at = choices.wide(1 << 16)
    return slots[at * len(slots) >> 16] if slots else at * scenario.nr >> 16


def _written(scenario: Scenario, choices: Choices) -> int:
    return _slot(scenario, choices, scenario.words.mmu_may_write)


def _when(choices: Choices, table: str, slot: int) -> When:
    """Before one of the first accesses to an entry; sometimes a phase."""
    nth = 1 + choices.below(4)
    phase = choices.pick((ACCESS, ACCESS, ACCESS, ACCESS, *PHASES))
    return When(phase, table, slot, nth) if phase == ACCESS else When(phase)


def _race(scenario: Scenario, choices: Choices) -> Events:
    """The MMU sets accessed or dirty between two accesses of the version to the same entry."""
    slot = _written(scenario, choices)
    actor = choices.pick(("write", "write", "walk"))
    return (ScheduledEvent(actor, "old", slot, _when(choices, "old", slot), choices.pick((1, 1, 0))),)


def _write_after_clean(scenario: Scenario, choices: Choices) -> Events:
    """A CPU has the old translation; the page is cleaned at its new address; the CPU stores at the old one."""
    slot = _written(scenario, choices)
    first = choices.pick((When("call"), When("call"), When(ACCESS, "old", slot, 1 + choices.below(3))))
    return (
        ScheduledEvent(choices.pick(("write", "walk")), "old", slot, first),
        ScheduledEvent("mkclean", "new", slot, When(choices.pick(LATE)), 2),
        ScheduledEvent("write", "old", slot, When(choices.pick(("returned", "unlocked")))),
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
    return (ScheduledEvent("reclaim", "old", slot, When("call")),)


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
        around = choices.pick((slot, slot, slot - 1, slot + 1))
        actor = choices.pick(("write", "walk", "gup", "mkclean"))
        if actor != "mkclean" and 0 <= first + around < scenario.config.ptrs_per_pte:
            slot = around
        events.append(ScheduledEvent(actor, table, slot, _when(choices, table, slot), choices.below(3)))
    return tuple(events)


STORIES = (
    *(_race,) * 3,
    *(_write_after_clean,) * 3,
    _two_addresses,
    *(_pending_flush,) * 2,
    _onlooker,
    _anything,
)
