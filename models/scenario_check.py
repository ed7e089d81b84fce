# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios a machine can be built from, and scenarios out of JSON, with errors that name the field."""

from typing import Any

from pte_review.models.actions import ACTORS, ANCHORS, BEFORE_LOCKS, MOST_CPUS, PHASES
from pte_review.models.arch import ARCHES
from pte_review.models.call import Call
from pte_review.models.codec import SchemaError, from_json
from pte_review.models.scenario import Scenario
from pte_review.models.tables import LOCKS, Entries

U64 = (1 << 64) - 1
ADDRESS_END = 1 << 57  # bytes
MOST_TABLES = MOST_RANGES = 4
MOST_MMS = 2
MOST_ORDER = 13  # of a folio: 32M


def scenario_from_json(data: Any, call: type[Call], path: str = "scenario") -> Scenario:
    """The scenario that `data` describes, of the function that `call` belongs to.

    Raises SchemaError naming the field, also where no caller makes such a call.
    """
    scenario = from_json(Scenario, data, path, {Call: call})
    check(scenario, path)
    return scenario


def check(scenario: Scenario, path: str = "scenario") -> None:
    """Raise SchemaError if no machine can be built from `scenario`, or no caller makes such a call."""
    if scenario.arch not in ARCHES:
        raise SchemaError(f"{path}.arch", f"one of {', '.join(ARCHES)}", scenario.arch)
    if problem := scenario.config.problem(scenario.arch):
        field, _, expected = problem.partition(": ")
        raise SchemaError(f"{path}.{field}", expected.removeprefix("expected "))
    _check_vmas(scenario, path)
    _check_tables(scenario, path)
    _check_ranges(scenario, path)
    scenario.call.check(scenario, f"{path}")
    _check_folios(scenario, path)
    _check_actions(scenario, path)


def _check_vmas(scenario: Scenario, path: str) -> None:
    if not scenario.vmas:
        raise SchemaError(f"{path}.vmas", "at least one VMA", [])
    for i, vma in enumerate(scenario.vmas):
        if not 1 <= vma.vm_mm <= MOST_MMS:
            raise SchemaError(f"{path}.vmas[{i}].vm_mm", f"the number of an mm, 1 to {MOST_MMS}", vma.vm_mm)


def _check_tables(scenario: Scenario, path: str) -> None:
    if not 1 <= len(scenario.tables) <= MOST_TABLES:
        raise SchemaError(f"{path}.tables", f"1 to {MOST_TABLES} tables", len(scenario.tables))
    seen: set[tuple[int, int]] = set()
    for i, table in enumerate(scenario.tables):
        where, size = f"{path}.tables[{i}]", scenario.table_bytes
        if not 0 <= table.base < ADDRESS_END or table.base % size:
            raise SchemaError(f"{where}.base", f"a multiple of the table's {size} bytes below 2**57", table.base)
        if table.lock not in LOCKS:
            raise SchemaError(f"{where}.lock", f"one of {', '.join(map(str, LOCKS))}", table.lock)
        if not 0 <= table.vma < len(scenario.vmas):
            raise SchemaError(f"{where}.vma", "the index of a VMA", table.vma)
        if (scenario.vmas[table.vma].vm_mm, table.base) in seen:
            raise SchemaError(f"{where}.base", "an address that no other table of the mm maps", table.base)
        seen.add((scenario.vmas[table.vma].vm_mm, table.base))
        _check_entries(table.entries, scenario.config.ptrs_per_pte, f"{where}.entries")


def _check_entries(entries: Entries, ptrs_per_pte: int, path: str) -> None:
    last = -1
    for i, (index, value) in enumerate(entries):
        if not last < index < ptrs_per_pte:
            raise SchemaError(f"{path}[{i}]", f"an entry index above {last} and below {ptrs_per_pte}", index)
        if not 0 < value <= U64:
            raise SchemaError(f"{path}[{i}]", "a raw entry from 1 to 2**64-1", value)
        last = index


def _check_ranges(scenario: Scenario, path: str) -> None:
    if not 1 <= len(scenario.ranges) <= MOST_RANGES:
        raise SchemaError(f"{path}.ranges", f"1 to {MOST_RANGES} ranges", len(scenario.ranges))
    names: set[str] = set()
    for i, where in enumerate(scenario.ranges):
        at = f"{path}.ranges[{i}]"
        if not where.name.isidentifier() or where.name in names:
            raise SchemaError(f"{at}.name", "a word that names no other range", where.name)
        names.add(where.name)
        if not 0 <= where.table < len(scenario.tables):
            raise SchemaError(f"{at}.table", "the number of a table", where.table)
        if where.first < 0:
            raise SchemaError(f"{at}.first", "an entry index", where.first)
        room = scenario.config.ptrs_per_pte - where.first
        if not 1 <= where.nr <= room:
            raise SchemaError(f"{at}.nr", f"1 to {room} entries, up to the end of the table", where.nr)


def _check_folios(scenario: Scenario, path: str) -> None:
    end = 0
    for i, folio in enumerate(scenario.folios):
        where = f"{path}.folios[{i}]"
        if not 0 <= folio.order <= MOST_ORDER:
            raise SchemaError(f"{where}.order", f"an order from 0 to {MOST_ORDER}", folio.order)
        if folio.pfn < end or folio.pfn % (1 << folio.order):
            raise SchemaError(f"{where}.pfn", f"a multiple of its {1 << folio.order} pages, ascending", folio.pfn)
        if folio.end - 1 > scenario.config.highest_memmap_pfn:
            raise SchemaError(f"{where}.pfn", f"a folio below PFN {scenario.config.highest_memmap_pfn}", folio.pfn)
        for name in ("exclusive", "shared"):
            for first, stop in getattr(folio, name):
                if not 0 <= first < stop <= 1 << folio.order:
                    raise SchemaError(f"{where}.{name}", f"ranges inside {1 << folio.order} pages", [first, stop])
        end = folio.end


def _check_actions(scenario: Scenario, path: str) -> None:
    for i, action in enumerate(scenario.actions):
        where, when = f"{path}.actions[{i}]", action.when
        if action.actor not in ACTORS:
            raise SchemaError(f"{where}.actor", f"one of {', '.join(ACTORS)}", action.actor)
        if not 0 <= action.cpu < MOST_CPUS:
            raise SchemaError(f"{where}.cpu", f"a CPU from 0 to {MOST_CPUS - 1}", action.cpu)
        if when.phase not in ANCHORS and when.phase not in PHASES:
            raise SchemaError(f"{where}.when.phase", f"one of {', '.join((*ANCHORS, *PHASES))}", when.phase)
        if when.nth < 1:
            raise SchemaError(f"{where}.when.nth", "the how-many-th access, from 1", when.nth)
        first = scenario.ranges[0].name
        if action.actor == "reclaim" and (action.range != first or when.phase not in BEFORE_LOCKS):
            raise SchemaError(
                where,
                f"reclaim to have unmapped an entry of range {first} before the locks are taken",
                f"{action.range}, {when.phase}",
            )
        _check_slot(scenario, action.range, action.slot, where)
        if when.phase in ANCHORS:
            _check_slot(scenario, when.range, when.slot, f"{where}.when")


def _check_slot(scenario: Scenario, name: str, slot: int, path: str) -> None:
    by_name = {where.name: where for where in scenario.ranges}
    if name not in by_name:
        raise SchemaError(f"{path}.range", " or ".join(by_name), name)
    first, last = by_name[name].first, scenario.config.ptrs_per_pte - 1
    if not 0 <= first + slot <= last:
        raise SchemaError(f"{path}.slot", f"a slot from {-first} to {last - first}, where the table ends", slot)
