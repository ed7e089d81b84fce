# SPDX-License-Identifier: GPL-2.0-only
"""What the actions of a scenario are, by name: actors, times, and what they meet there."""

from collections.abc import Iterator

from pte_review.models.actions import ACTORS, ANCHORS, PHASES
from pte_review.models.scenario import Scenario
from tests.kit.moves import as_move

MOVES_MEET = tuple(actor for actor in ACTORS if actor != "fault")  # mremap() holds mmap_lock for writing
FEATURES = (
    *MOVES_MEET, *PHASES, *ANCHORS, "access to another entry", "later access", "old table", "new table", "cpu 0",
    "one action", "several actions", "around the range", "one table", "no table", "need_rmap_locks",
    "a valid entry", "a writable clean entry", "a writable dirty entry", "no entry", "a swap entry",
    "write, mkclean, write",
)  # fmt: skip
ON_ARM64 = ("a contpte block", "a contpte block that the range cuts")


def features(scenario: Scenario) -> set[str]:
    """The names of FEATURES that the actions of `scenario` have."""
    return set(_of_all(scenario)) | {name for action in scenario.actions for name in _of(scenario, action)}


def _of_all(scenario: Scenario) -> Iterator[str]:
    actions = scenario.actions
    if not actions:
        return
    yield "one action" if len(actions) == 1 else "several actions"
    if as_move(scenario).one_table:
        yield "one table"
    if not (as_move(scenario).old_maps and as_move(scenario).new_maps):
        yield "no table"
    if as_move(scenario).need_rmap_locks:
        yield "need_rmap_locks"
    if [action.actor for action in actions] == ["write", "mkclean", "write"]:
        yield "write, mkclean, write"


def _of(scenario: Scenario, action) -> Iterator[str]:
    when, words = action.when, scenario.words
    yield action.actor
    yield when.phase
    yield f"{action.range} table"
    if action.cpu == 0:
        yield "cpu 0"
    if not 0 <= action.slot < scenario.nr:
        yield "around the range"
    if when.phase in ANCHORS:
        yield from ["later access"] if when.nth > 1 else []
        yield from ["access to another entry"] if (when.range, when.slot) != (action.range, action.slot) else []
    if not 0 <= action.slot < scenario.nr:
        return
    index = as_move(scenario).old_index + action.slot  # also of a new slot: what comes there
    pte = dict(as_move(scenario).old_table).get(index, 0)
    if not words.pte_valid(pte):
        yield "no entry" if words.pte_none(pte) else "a swap entry" if words.is_swap_pte(pte) else "PROT_NONE"
        return
    yield "a valid entry"
    if words.mmu_may_write(pte):
        yield "a writable dirty entry" if words.mmu_dirty(pte) else "a writable clean entry"
    if pte & words.CONT:
        yield "a contpte block"
        first = index & -scenario.config.cont_ptes
        end = as_move(scenario).old_index + scenario.nr
        if first < as_move(scenario).old_index or first + scenario.config.cont_ptes > end:
            yield "a contpte block that the range cuts"
