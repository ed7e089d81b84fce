# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards fewer actions of others, at plainer times."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pte_review.models.actions import ACCESS, ANCHORS, CHANGE, PHASES, Action, When
from pte_review.models.scenario import Scenario


def fewer_actions(scenario: Scenario) -> Iterator[Scenario]:
    """No action, all but one, all but another."""
    actions = scenario.actions
    if actions:
        yield replace(scenario, actions=())
    for i in range(len(actions)):
        yield replace(scenario, actions=actions[:i] + actions[i + 1 :])


def simpler_actions(scenario: Scenario) -> Iterator[Scenario]:
    """A phase instead of an access, an earlier access, the call, a load instead of a store, CPUs from 1 on."""
    actions = scenario.actions
    for i, action in enumerate(actions):
        for simpler in _simpler(action):
            yield replace(scenario, actions=(*actions[:i], simpler, *actions[i + 1 :]))
    cpus = {cpu: number for number, cpu in enumerate(dict.fromkeys(action.cpu for action in actions), 1)}
    yield replace(scenario, actions=tuple(replace(action, cpu=cpus[action.cpu]) for action in actions))


def _simpler(action: Action) -> Iterator[Action]:
    when = action.when
    if when.phase in ANCHORS:
        yield from (replace(action, when=When(phase)) for phase in PHASES)
        if when.phase == ACCESS:
            yield replace(action, when=replace(when, phase=CHANGE, nth=1))
        yield from (replace(action, when=replace(when, nth=nth)) for nth in range(1, when.nth))
        yield replace(action, when=When(when.phase, action.range, action.slot, when.nth))
    elif when.phase == "locking":
        yield replace(action, when=When("call"))
    elif when.phase in ("unlocking", "unlocked"):
        later = list(PHASES)[list(PHASES).index(when.phase) + 1 :]
        yield from (replace(action, when=When(phase)) for phase in later)
    if action.actor in ("write", "gup"):
        yield replace(action, actor="walk")
    elif action.actor == "fault":
        yield replace(action, actor="write")


def with_slots(scenario: Scenario, change: Callable[[int], int]) -> tuple[Action, ...]:
    """The actions of `scenario` with `change` applied to every slot they name: where a range or its entries moved."""
    return tuple(
        replace(
            action,
            slot=change(action.slot),
            when=replace(action.when, slot=change(action.when.slot)) if action.when.phase in ANCHORS else action.when,
        )
        for action in scenario.actions
    )
