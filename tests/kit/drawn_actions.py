# SPDX-License-Identifier: GPL-2.0-only
"""What the events of a scenario are, by name: actors, times, and what they meet there."""

from collections.abc import Iterator

from pte_review.models.actions import ACTORS, ANCHORS, PHASES
from pte_review.models.scenario import Scenario
from tests.kit.moves import as_move

FEATURES = (
    *ACTORS, *PHASES, *ANCHORS, "access to another entry", "later access", "old table", "new table", "cpu 0",
    "one event", "several events", "around the range", "one table", "no table", "need_rmap_locks",
    "a valid entry", "a writable clean entry", "a writable dirty entry", "no entry", "a swap entry",
    "write, mkclean, write",
)  # fmt: skip
ON_ARM64 = ("a contpte block", "a contpte block that the range cuts")


def features(scenario: Scenario) -> set[str]:
    """The names of FEATURES that the events of `scenario` have."""
    return set(_of_all(scenario)) | {name for event in scenario.actions for name in _of(scenario, event)}


def _of_all(scenario: Scenario) -> Iterator[str]:
    events = scenario.actions
    if not events:
        return
    yield "one event" if len(events) == 1 else "several events"
    if as_move(scenario).one_table:
        yield "one table"
    if not (as_move(scenario).old_maps and as_move(scenario).new_maps):
        yield "no table"
    if as_move(scenario).need_rmap_locks:
        yield "need_rmap_locks"
    if [event.actor for event in events] == ["write", "mkclean", "write"]:
        yield "write, mkclean, write"


def _of(scenario: Scenario, event) -> Iterator[str]:
    when, words = event.when, scenario.words
    yield event.actor
    yield when.phase
    yield f"{event.range} table"
    if event.cpu == 0:
        yield "cpu 0"
    if not 0 <= event.slot < scenario.nr:
        yield "around the range"
    if when.phase in ANCHORS:
        yield from ["later access"] if when.nth > 1 else []
        yield from ["access to another entry"] if (when.range, when.slot) != (event.range, event.slot) else []
    if not 0 <= event.slot < scenario.nr:
        return
    index = as_move(scenario).old_index + event.slot  # also of a new slot: what comes there
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
