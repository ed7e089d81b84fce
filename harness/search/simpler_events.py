# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards fewer scheduled events, at plainer times."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pte_review.models.scenario import Scenario
from pte_review.models.scheduled import ACCESS, ANCHORS, CHANGE, PHASES, ScheduledEvent, When


def fewer_events(s: Scenario) -> Iterator[Scenario]:
    """No event, all but one, all but another."""
    if s.scheduled:
        yield replace(s, scheduled=())
    for i in range(len(s.scheduled)):
        yield replace(s, scheduled=s.scheduled[:i] + s.scheduled[i + 1 :])


def simpler_events(s: Scenario) -> Iterator[Scenario]:
    """A phase instead of an access, an earlier access, the call, a load instead of a store, CPUs from 1 on."""
    for i, event in enumerate(s.scheduled):
        for simpler in _simpler(event):
            yield replace(s, scheduled=(*s.scheduled[:i], simpler, *s.scheduled[i + 1 :]))
    cpus = {cpu: number for number, cpu in enumerate(dict.fromkeys(event.cpu for event in s.scheduled), 1)}
    yield replace(s, scheduled=tuple(replace(event, cpu=cpus[event.cpu]) for event in s.scheduled))


def _simpler(event: ScheduledEvent) -> Iterator[ScheduledEvent]:
    when = event.when
    if when.phase in ANCHORS:
        yield from (replace(event, when=When(phase)) for phase in PHASES)
        if when.phase == ACCESS:
            yield replace(event, when=replace(when, phase=CHANGE, nth=1))
        yield from (replace(event, when=replace(when, nth=nth)) for nth in range(1, when.nth))
        yield replace(event, when=When(when.phase, event.table, event.slot, when.nth))
    elif when.phase == "locking":
        yield replace(event, when=When("call"))
    elif when.phase in ("unlocking", "unlocked"):
        later = list(PHASES)[list(PHASES).index(when.phase) + 1 :]
        yield from (replace(event, when=When(phase)) for phase in later)
    if event.actor in ("write", "gup"):
        yield replace(event, actor="walk")


def moved_slots(s: Scenario, change: Callable[[int], int]) -> tuple[ScheduledEvent, ...]:
    """The events of `s` with `change` applied to every slot they name: where the range or its entries moved."""
    return tuple(
        replace(
            event,
            slot=change(event.slot),
            when=replace(event.when, slot=change(event.when.slot)) if event.when.phase in ANCHORS else event.when,
        )
        for event in s.scheduled
    )
