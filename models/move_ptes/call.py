# SPDX-License-Identifier: GPL-2.0-only
"""The call of move_ptes(): what move_page_tables() of mm/mremap.c hands down, and which calls get_extent() makes.

A scenario has the ranges "old" and "new", in two tables or in one where both addresses lie under one PMD.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.models.actions import Action
from pte_review.models.call import Breach, Call
from pte_review.models.codec import SchemaError
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.function import Function
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.state import Pmd
from pte_review.models.move_ptes.legal import breaches
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Folio, Scenario
from pte_review.models.tables import Entries, Range, Table
from pte_review.models.vma import Vma

OLD, NEW = "old", "new"


@dataclass(frozen=True, slots=True)
class PagetableMoveControl:
    """struct pagetable_move_control of v6.16. Addresses in bytes. `old` is the VMA that is moved from."""

    old: Vma
    old_addr: int
    new_addr: int
    old_end: int
    need_rmap_locks: bool


@dataclass(frozen=True, slots=True)
class MoveCall(Call):
    """What a scenario of move_ptes() has beside tables and ranges."""

    need_rmap_locks: bool = False

    @property
    def rmap_locked(self) -> bool:
        """Where a walk of the rmap could miss the page: it comes to the new address after the old one only."""
        return self.need_rmap_locks

    def check(self, scenario: Scenario, path: str) -> None:
        """The ranges that get_extent() makes: one old and one new of the same length, none across a PMD."""
        names = [where.name for where in scenario.ranges]
        if names != [OLD, NEW]:
            raise SchemaError(f"{path}.ranges", "the ranges old and new", names)
        old, new = scenario.ranges
        if old.nr != new.nr:
            raise SchemaError(f"{path}.ranges[1].nr", f"the {old.nr} entries of the old range", new.nr)
        if [old.table, new.table] not in ([0, 0], [0, 1]) or len(scenario.tables) != new.table + 1:
            raise SchemaError(f"{path}.ranges[1].table", "the old range in table 0, the new one there or in table 1")

    def breaches(self, scenario: Scenario) -> Iterator[Breach]:
        return breaches(scenario)

    def arguments(self, k: Kernel) -> tuple[PagetableMoveControl, int, Pmd, Pmd]:
        """pmc, extent in bytes, old_pmd, new_pmd."""
        scenario = k.scenario
        old, new = scenario.ranges
        old_addr, extent = scenario.address(old), old.nr << PAGE_SHIFT
        pmc = PagetableMoveControl(
            old=scenario.vma,
            old_addr=old_addr,
            new_addr=scenario.address(new),
            old_end=old_addr + extent,
            need_rmap_locks=self.need_rmap_locks,
        )
        return pmc, extent, k.pmds[old.table], k.pmds[new.table]


def move(
    arch: str,
    *,
    old_addr: int,
    new_addr: int,
    extent: int,
    old_table: Entries = (),
    new_table: Entries = (),
    folios: Iterable[Folio] = (),
    vma: Vma = ORDINARY_VMA,
    config: Config = ORDINARY_CONFIG,
    need_rmap_locks: bool = False,
    split_ptlocks: bool = True,
    old_maps: bool = True,
    new_maps: bool = True,
    actions: Iterable[Action] = (),
) -> Scenario:
    """The scenario of a move of `extent` bytes. `split_ptlocks` is USE_SPLIT_PTE_PTLOCKS: a lock for each table.

    Where both addresses lie under one PMD, `old_table` is that of both, and it maps if `old_maps` and `new_maps`.
    """
    size = config.ptrs_per_pte << PAGE_SHIFT
    old_base, new_base = old_addr & -size, new_addr & -size
    one_table = old_base == new_base
    if one_table and new_table:
        raise ValueError("new_table: both addresses lie under one PMD, whose table is old_table")
    tables = [Table(old_base, old_table, maps=old_maps and (new_maps or not one_table))]
    if not one_table:
        lock = (2 if new_addr > old_addr else -2) if split_ptlocks else 1
        tables.append(Table(new_base, new_table, lock, new_maps))
    nr = extent // PAGE_SIZE
    return Scenario(
        arch,
        tables=tuple(tables),
        ranges=(
            Range(OLD, 0, (old_addr - old_base) >> PAGE_SHIFT, nr),
            Range(NEW, len(tables) - 1, (new_addr - new_base) >> PAGE_SHIFT, nr),
        ),
        call=MoveCall(need_rmap_locks),
        folios=tuple(folios),
        vmas=(vma,),
        config=config,
        actions=tuple(actions),
    )


def move_arguments(scenario: Scenario) -> dict[str, Any]:
    """The arguments of move() that make `scenario`, but for `arch`."""
    old, new = scenario.ranges
    assert isinstance(scenario.call, MoveCall)
    return {
        "old_addr": scenario.address(old),
        "new_addr": scenario.address(new),
        "extent": old.nr * PAGE_SIZE,
        "old_table": scenario.tables[0].entries,
        "new_table": scenario.tables[1].entries if new.table else (),
        "folios": scenario.folios,
        "vma": scenario.vma,
        "config": scenario.config,
        "need_rmap_locks": scenario.call.need_rmap_locks,
        "split_ptlocks": not new.table or scenario.tables[1].lock != scenario.tables[0].lock,
        "old_maps": scenario.tables[0].maps,
        "new_maps": scenario.tables[new.table].maps,
        "actions": scenario.actions,
    }


def moved(scenario: Scenario, **changes: Any) -> Scenario:
    """`scenario` with some arguments of move() changed."""
    return move(scenario.arch, **{**move_arguments(scenario), **changes})


FUNCTION = Function(
    name="move_ptes",
    parameters=("k", "pmc", "extent", "old_pmd", "new_pmd"),
    call=MoveCall,
    folder=Path(__file__).parent,
    not_versions=frozenset({"call", "legal"}),
    first=("pre_patch", "v4", "v7_3", "refactor", "refactor_intended"),
)
