# SPDX-License-Identifier: GPL-2.0-only
"""Actions of others in short form, machines that have them, and the log without what the version does."""

from typing import Any

from pte_review.models.actions import ACCESS, Action, When
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.fresh import ACTED
from pte_review.models.machine.state import Event
from pte_review.models.outcome import Outcome
from tests.kit.build import scenario

OTHERS = {"walk", "write", "hw", "gup", "fault", "mkclean", "reclaim", "stale", "twice", "conflict"}


def action(actor: str, at: str, when: str, cpu: int = 1) -> Action:
    """`at` is "old 3"; `when` a phase, or "new 3 2" or "change new 3 2": before the 2nd access to, change of new[3]."""
    table, slot = at.split()
    if " " not in when:
        return Action(actor, table, int(slot), When(when), cpu)
    *phase, anchor, anchor_slot, nth = when.split()
    at_entry = When(*(phase or [ACCESS]), anchor, int(anchor_slot), int(nth))
    return Action(actor, table, int(slot), at_entry, cpu)


def machine(
    arch: str, old: dict[int, int], *actions: Action, new: dict[int, int] | None = None, **options: Any
) -> Actors:
    """A machine with an empty log and no lock held."""
    options.setdefault("at", (0, 0, 16))
    return ACTED[arch](scenario(arch, old, new, actions=actions, **options))


def by_others(k: Actors | Outcome) -> list[Event]:
    """What actors did and what was seen of it, in order."""
    return [event for event in k.events if event[0] in OTHERS]


def names(k: Actors | Outcome) -> list[str]:
    return [str(event[0]) for event in by_others(k)]
