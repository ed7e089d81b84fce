# SPDX-License-Identifier: GPL-2.0-only
"""What other CPUs, the MMU and the kernel's other side do while the function under review runs.

Independent actions hardly ever meet. A story is a few actions that together bring a machine to where a version can go
wrong, with times and entries left to chance. A subject says which stories it knows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pte_review.models.actions import ACCESS, ANCHORS, BEFORE_LOCKS, CHANGE, PHASES, Action, When
from pte_review.models.scenario import Scenario
from pte_review.strategies.choices import Choices

ACTION_BYTES = 20
OFTEN = 30  # of 100 scenarios
ONE_PAGE = 80  # of 100 stories that may be about one page
ALONE = (0, 1, 2, *(None,) * 29)  # which action of a story stays; mostly all do
LATE = ("unlocked", "returned", "unlocking")
Actions = tuple[Action, ...]


@dataclass(frozen=True)
class Story:
    """`tell` makes the actions. `of_one_page`: more telling where nothing but its page is in the range."""

    tell: Callable[[Scenario, Choices], Actions]
    of_one_page: bool = False


def let_others_act(
    scenario: Scenario,
    choices: Choices,
    stories: Sequence[Story],
    shorter: Callable[[Scenario, int], Scenario] | None,
) -> Scenario:
    """`scenario`, in OFTEN of 100 cases with the actions of one of `stories`.

    A story of one page may come with the range cut to that slot by `shorter`: then nothing that a version does for its
    neighbours covers up what it does not do for this page.
    """
    if not choices.chance(OFTEN):
        return scenario
    alone = choices.pick(ALONE)  # for a shrinker: one action of a story is simpler than all
    story = choices.pick(stories)
    written = written_slot(scenario, choices)
    if choices.chance(ONE_PAGE) and shorter is not None and story.of_one_page:
        scenario = _cleaned(shorter(scenario, written))
    actions = story.tell(scenario, choices)
    return replace(scenario, actions=actions if alone is None else actions[alone : alone + 1] or actions[:1])


def _cleaned(scenario: Scenario) -> Scenario:
    """`scenario` of one slot; a writable entry there is clean: the MMU has to look at the entry to store again."""
    words, where = scenario.words, scenario.ranges[0]
    table = scenario.tables[where.table]
    entries = tuple(
        (i, words.pte_mkclean(pte) if i == where.first and words.mmu_may_write(pte) else pte)
        for i, pte in table.entries
    )
    tables = list(scenario.tables)
    tables[where.table] = replace(table, entries=entries)
    changed = replace(scenario, tables=tuple(tables))
    return scenario if words.notices_stores(scenario.vma) else changed


def slot_that(scenario: Scenario, choices: Choices, suits: Callable[[int], bool]) -> int:
    """A slot of the first range whose entry `suits`, any slot if none does."""
    where = scenario.ranges[0]
    entries = scenario.tables[where.table].entries
    slots = [i - where.first for i, pte in entries if where.first <= i < where.end and suits(pte)]
    at = choices.wide(1 << 16)
    return slots[at * len(slots) >> 16] if slots else at * where.nr >> 16


def written_slot(scenario: Scenario, choices: Choices) -> int:
    """The slot of a writable entry; most often a clean one, which the MMU has to look at again."""
    words = scenario.words
    if choices.chance(80):
        return slot_that(scenario, choices, lambda pte: words.mmu_may_write(pte) and not words.mmu_dirty(pte))
    return slot_that(scenario, choices, words.mmu_may_write)


def draw_when(choices: Choices, name: str, slot: int) -> When:
    """Before the first change of a slot of range `name` or one of the first accesses to it; sometimes a phase."""
    nth = 1 + choices.below(4)
    phase = choices.pick((CHANGE, CHANGE, CHANGE, ACCESS, ACCESS, *PHASES))
    if phase not in ANCHORS:
        return When(phase)
    return When(phase, name, slot, nth if phase == ACCESS else 1 + (nth == 4))


# -- stories of any function


def _race(scenario: Scenario, choices: Choices) -> Actions:
    """The MMU sets accessed or dirty between two accesses of the version to the same entry."""
    slot, name = written_slot(scenario, choices), scenario.ranges[0].name
    actor = choices.pick(("write", "write", "walk"))
    return (Action(actor, name, slot, draw_when(choices, name, slot), choices.pick((1, 1, 0))),)


def _pending_flush(scenario: Scenario, choices: Choices) -> Actions:
    """Reclaim has unmapped a page of the range and not flushed yet: a swap entry is left, or none of a file's."""
    slot, where = slot_that(scenario, choices, scenario.words.is_swap_pte), scenario.ranges[0]
    entries = dict(scenario.tables[where.table].entries)
    if scenario.words.pte_present(entries.get(where.first + slot, 0)):
        return ()
    return (Action("reclaim", where.name, slot, When(choices.pick(BEFORE_LOCKS))),)


def _anything(scenario: Scenario, choices: Choices) -> Actions:
    """Up to three actions that have nothing to do with each other; also on the entries around the ranges."""
    actions = []
    for _ in range(1 + choices.below(3)):
        where = choices.pick(scenario.ranges)
        slot = choices.wide(where.nr)
        around = choices.pick((slot, slot, -1, where.nr))
        actor = choices.pick(("write", "walk", "gup", "mkclean"))
        if 0 <= where.first + around < scenario.config.ptrs_per_pte:
            slot = around
        actions.append(Action(actor, where.name, slot, draw_when(choices, where.name, slot), choices.below(3)))
    return tuple(actions)


RACE, PENDING_FLUSH, ANYTHING = Story(_race, of_one_page=True), Story(_pending_flush), Story(_anything)
