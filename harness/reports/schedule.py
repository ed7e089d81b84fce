# SPDX-License-Identifier: GPL-2.0-only
"""Scheduled events in words: who does what to which entry, and when."""

from pte_review.models.scenario import Scenario
from pte_review.models.scheduled import ACCESS, ANCHORS, PHASES, ScheduledEvent, When

SAYS = {
    "walk": "cpu {cpu} loads through {slot}",
    "write": "cpu {cpu} stores through {slot}",
    "gup": "GUP-fast on cpu {cpu} reads {slot}",
    "mkclean": "folio_mkclean() on cpu {cpu} looks at {slot}",
    "reclaim": "reclaim has unmapped {slot}, which cpu {cpu} still has cached, and its flush is pending",
}
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def schedule(scenario: Scenario) -> list[str]:
    """One sentence an event, in the order of the scenario."""
    return [_sentence(event) for event in scenario.scheduled]


def _sentence(event: ScheduledEvent) -> str:
    text = SAYS[event.actor].format(cpu=event.cpu, slot=f"{event.table}[{event.slot}]")
    return text if event.actor == "reclaim" and event.when.phase == "call" else f"{text} {_time(event.when)}"


def _time(when: When) -> str:
    if when.phase not in ANCHORS:
        return PHASES[when.phase]
    what = "access to" if when.phase == ACCESS else "change of"
    return f"before the {ORDINALS.get(when.nth, f'{when.nth}th')} {what} {when.table}[{when.slot}]"
