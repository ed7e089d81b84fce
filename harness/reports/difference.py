# SPDX-License-Identifier: GPL-2.0-only
"""Two outcomes' final states as plain decoded data, and what differs between them as DeepDiff tells it.

For people. The verdict is the contract's own comparison (DeepDiff was seen to call objects with differing slots equal).
"""

import re
from typing import Any

from deepdiff import DeepDiff

from pte_review.harness.judging.places import ptep_of, slot
from pte_review.models.entry import decode
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario

_PARTS = re.compile(r"(\d+)")  # new[2] before new[10]
Difference = tuple[tuple[str, str, str], ...]  # what, in BASE, in CANDIDATE


def state(scenario: Scenario, outcome: Outcome, around: Outcome) -> dict[str, Any]:
    """What `outcome` left: entries that are in the ranges or differ from `around`'s, decoded, by name of their slot."""
    entries: dict[str, Any] = {}
    tables = [("old", outcome.old_table, around.old_table, scenario.old_index)]
    if not scenario.one_table:
        tables.append(("new", outcome.new_table, around.new_table, scenario.new_index))
    for table, ours, theirs, first in tables:
        for index, (pte, other) in enumerate(zip(ours, theirs, strict=True)):
            if pte != other or first <= index < first + scenario.nr:
                entries[slot(scenario, ptep_of(scenario, table, index))] = decode(scenario.words, pte)
    return {
        "ended": outcome.ended,
        "returned": outcome.returned,
        "warnings": list(outcome.warnings),
        "page_table_check": list(outcome.bugs),
        "stale": [hex(address) for address in outcome.stale],
        "entries": entries,
    }


def difference(scenario: Scenario, base: Outcome, candidate: Outcome) -> Difference:
    """Each thing that differs, as (path, BASE's value, CANDIDATE's value): ("new[1].write", "False", "True")."""
    diff = DeepDiff(
        state(scenario, base, candidate),
        state(scenario, candidate, base),
        verbose_level=2,
        view="tree",
        threshold_to_diff_deeper=0,
    )
    found = []
    for levels in diff.values():
        for level in levels:
            path = [str(part) for part in level.path(output_format="list")]
            found.append((".".join(path).removeprefix("entries."), _shown(level.t1), _shown(level.t2)))
    return tuple(sorted(found, key=_by_number))


def _by_number(row: tuple[str, str, str]) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in _PARTS.split(row[0])]


def _shown(value: object) -> str:
    return "-" if type(value).__name__ == "NotPresent" else str(value)
