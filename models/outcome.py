# SPDX-License-Identifier: GPL-2.0-only
"""Everything a run leaves. Plain immutable values, JSON both ways; nothing here knows what was expected."""

from dataclasses import dataclass
from typing import Any

from pte_review.models.codec import from_json, to_json
from pte_review.models.machine.state import Event

RETURNED = "returned"
UNASSIGNED_READ = "unassigned-read"
TABLE_OVERRUN = "table-overrun"
NO_PROGRESS = "no-progress"
CRASH = "crash"
UNMODELLED = "unmodelled"  # a primitive that the model does not have: says nothing of the version


@dataclass(frozen=True, slots=True)
class Installed:
    """What a run with the unassigned variable initialised did next: the first entry set, if any."""

    stack: str  # "zero" or "pattern", as -ftrivial-auto-var-init= has them
    value: int  # of the variable
    ptep: int  # 0 where nothing was installed
    pte: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one run. Tables are raw values, one a slot; `new_table` is empty where there is one table."""

    ended: str  # one of the constants above
    old_table: tuple[int, ...]
    new_table: tuple[int, ...]
    events: tuple[Event, ...]
    returned: int | None = None
    why: str = ""  # of an early end: what and where, with the version's line
    slow: bool = False  # the watchdog ended it: a run like this takes seconds
    variable: str = ""  # read before it was assigned
    installed: tuple[Installed, ...] = ()
    warnings: tuple[str, ...] = ()  # each once, in order
    violations: tuple[str, ...] = ()  # primitives' own contracts, each once
    imbalances: tuple[str, ...] = ()  # locks and lazy MMU mode out of turn
    bugs: tuple[str, ...] = ()  # of page_table_check
    map_counts: tuple[tuple[int, int, int], ...] = ()  # PFN, anon and file map count
    stale: tuple[int, ...] = ()  # addresses still in a TLB when a page-table lock was dropped
    translations: tuple[tuple[int, int, int, int], ...] = ()  # of scheduled CPUs at the end: CPU, address, PFN, write
    held: tuple[int, ...] = ()  # locks
    mapped: int = 0  # page tables not unmapped
    lazy_mmu: int = 0
    exercised: tuple[str, ...] = ()  # which special paths ran, sorted

    def to_json(self) -> dict[str, Any]:
        """The JSON object; fields that hold their default are left out."""
        data: dict[str, Any] = to_json(self)
        return data


def outcome_from_json(data: Any, path: str = "outcome") -> Outcome:
    """The outcome that `data` describes. Raises SchemaError naming the field."""
    return from_json(Outcome, data, path)
