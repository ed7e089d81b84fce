# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of move_ptes() as tests see them: made of addresses, read by the names of the ranges, run in pairs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pte_review.harness import review as reviewing
from pte_review.harness.judging.contracts import CONTRACTS, Contract
from pte_review.harness.search import explore as exploring
from pte_review.harness.search import minimise as minimising
from pte_review.harness.side_by_side import Comparison, compare_on
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import Verdict
from pte_review.models import loading, scenario_check
from pte_review.models.move_ptes.call import FUNCTION, MoveCall
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Entries
from pte_review.models.version import Version


class Move(NamedTuple):
    """A scenario by the names of its two ranges. Addresses and extent in bytes; one table: `new_table` is empty."""

    old_addr: int
    new_addr: int
    extent: int
    old_base: int
    new_base: int
    old_index: int
    new_index: int
    old_table: Entries
    new_table: Entries
    one_table: bool
    need_rmap_locks: bool
    split_ptlocks: bool
    old_maps: bool
    new_maps: bool


def as_move(scenario: Scenario) -> Move:
    """`scenario` by the names of its two ranges."""
    old, new = scenario.ranges
    tables = scenario.tables
    assert isinstance(scenario.call, MoveCall)
    return Move(
        scenario.address(old),
        scenario.address(new),
        old.nr * 4096,
        tables[0].base,
        tables[new.table].base,
        old.first,
        new.first,
        tables[0].entries,
        tables[1].entries if new.table else (),
        not new.table,
        scenario.call.need_rmap_locks,
        not new.table or tables[0].lock != tables[1].lock,
        tables[0].maps,
        tables[new.table].maps,
    )


def load(which: loading.Which) -> Version:
    """A version of move_ptes(), in this process."""
    if callable(which) and not isinstance(which, Version):
        return loading.load_here(which, FUNCTION)
    if not isinstance(which, Version) and str(which).endswith(".py"):
        return loading.load_here(Path(which), FUNCTION)
    return loading.load(which, FUNCTION)


def names() -> list[str]:
    """The versions of move_ptes() that come with the package."""
    return list(FUNCTION.ports())


def run(scenario: Scenario, version: Version, *, stacks: bool = True) -> Outcome:
    """What `version` leaves on `scenario`."""
    return version.run(scenario, stacks=stacks)


def scenario_from_json(data: Any, path: str = "scenario") -> Scenario:
    return scenario_check.scenario_from_json(data, MoveCall, path)


def compared(scenario: Scenario, base: Version, candidate: Version, contract: Contract | str) -> Comparison:
    """The pair run and judged."""
    contract = CONTRACTS[contract] if isinstance(contract, str) else contract
    return compare_on(MOVE_PTES, scenario, (base, candidate), contract).pair(base, candidate)


def minimise(scenario: Scenario, fails: Callable[[Scenario], bool]) -> Scenario:
    return minimising.minimise(scenario, MOVE_PTES.steps, fails)


def explore(arch: str, pairs: Sequence[tuple[Version, Version]], *arguments: Any, **more: Any):
    return exploring.explore(MOVE_PTES, arch, pairs, *arguments, **more)


def review(pairs: Sequence[tuple[loading.Which, loading.Which]], **more: Any) -> list[Verdict]:
    """One verdict a pair of versions of move_ptes()."""
    return reviewing.review(MOVE_PTES, pairs, **more)
