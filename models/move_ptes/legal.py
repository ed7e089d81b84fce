# SPDX-License-Identifier: GPL-2.0-only
"""The rules of legal scenarios that only move_ptes() has: those about its two ranges."""

from collections.abc import Iterator

from pte_review.models.call import Breach
from pte_review.models.scenario import Scenario

RULES = {
    "destination-occupied": "the new range holds an entry that is not none",
    "overlap": "old and new range overlap",
}


def overlaps(scenario: Scenario) -> bool:
    """Whether the two ranges have entries in common."""
    old, new = scenario.ranges
    return old.table == new.table and abs(old.first - new.first) < old.nr


def breaches(scenario: Scenario) -> Iterator[Breach]:
    """What of `scenario` breaks RULES."""
    old, new = scenario.ranges
    if overlaps(scenario):
        yield Breach("overlap", new.table, new.first, RULES["overlap"])
    destination = set(new.entries)
    if old.table == new.table:
        destination -= set(old.entries)
    for index, pte in scenario.tables[new.table].entries:
        if index in destination and not scenario.words.pte_none(pte):
            yield Breach("destination-occupied", new.table, index, RULES["destination-occupied"])
