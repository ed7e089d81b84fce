# SPDX-License-Identifier: GPL-2.0-only
"""Two outcomes' final states as plain decoded data, and what differs between them as DeepDiff reports it.

For people. The verdict is the contract's own comparison (DeepDiff was seen to call objects with differing slots equal).
"""

import re
from typing import Any

from pte_review.models.entry import decode
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario

_PARTS = re.compile(r"(\d+)")  # area[2] before area[10]
StateChanges = tuple[tuple[str, str, str], ...]  # path, value in BASE, value in CANDIDATE


def state(scenario: Scenario, outcome: Outcome, around: Outcome) -> dict[str, Any]:
    """What `outcome` left: entries that are in the ranges or differ from `around`'s, decoded, by name of their slot."""
    places = scenario.places
    entries: dict[str, Any] = {}
    for number, (own, other) in enumerate(zip(outcome.tables, around.tables, strict=True)):
        in_ranges = {index for where in scenario.ranges if where.table == number for index in where.entries}
        for index, (pte, beside) in enumerate(zip(own, other, strict=True)):
            if pte != beside or index in in_ranges:
                entries[places.label(places.ptep(number, index))] = decode(scenario.words, pte)
    return {
        "ended": outcome.ended,
        "returned": outcome.returned,
        "warnings": list(outcome.warnings),
        "page_table_check": list(outcome.bugs),
        "stale": [hex(places.va(ptep)) for ptep in outcome.stale],
        "entries": entries,
    }


def difference(scenario: Scenario, base: Outcome, candidate: Outcome) -> StateChanges:
    """Each thing that differs, as (path, BASE's value, CANDIDATE's value): ("area[1].write", "False", "True")."""
    from deepdiff import DeepDiff  # where there is something to show

    diff = DeepDiff(
        state(scenario, base, candidate),
        state(scenario, candidate, base),
        verbose_level=2,
        view="tree",
        threshold_to_diff_deeper=0,
    )
    changes = []
    for levels in diff.values():
        for level in levels:
            path = [str(part) for part in level.path(output_format="list")]
            changes.append((".".join(path).removeprefix("entries."), _shown(level.t1), _shown(level.t2)))
    return tuple(sorted(changes, key=_by_number))


def _by_number(row: tuple[str, str, str]) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in _PARTS.split(row[0])]


def _shown(value: object) -> str:
    return "-" if type(value).__name__ == "NotPresent" else str(value)
