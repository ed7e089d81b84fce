# SPDX-License-Identifier: GPL-2.0-only
"""Actions of others in words: who does what to which entry, and when."""

from pte_review.models.actions import ACCESS, ANCHORS, PHASES, Action, When
from pte_review.models.scenario import Scenario

SENTENCES = {
    "walk": "cpu {cpu} loads through {slot}",
    "write": "cpu {cpu} stores through {slot}",
    "gup": "GUP-fast on cpu {cpu} reads {slot}",
    "fault": "cpu {cpu} stores through {slot}, by way of a page fault where it must,",
    "mkclean": "folio_mkclean() on cpu {cpu} looks at {slot}",
    "reclaim": "reclaim has unmapped {slot}, which cpu {cpu} still has cached, and its flush is pending",
}
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def action_lines(scenario: Scenario) -> list[str]:
    """One sentence an action, in the order of the scenario."""
    return [_sentence(action) for action in scenario.actions]


def _sentence(action: Action) -> str:
    text = SENTENCES[action.actor].format(cpu=action.cpu, slot=f"{action.range}[{action.slot}]")
    return text if action.actor == "reclaim" and action.when.phase == "call" else f"{text} {_time(action.when)}"


def _time(when: When) -> str:
    if when.phase not in ANCHORS:
        return PHASES[when.phase]
    what = "access to" if when.phase == ACCESS else "change of"
    return f"before the {ORDINALS.get(when.nth, f'{when.nth}th')} {what} {when.range}[{when.slot}]"
