# SPDX-License-Identifier: GPL-2.0-only
"""What minimising proposes for a move: less to move, an ordinary call, ranges in plainer places."""

from collections.abc import Iterator

from pte_review.harness.search.simpler_actions import with_slots
from pte_review.harness.subject import Steps
from pte_review.models.config import PAGE_SIZE
from pte_review.models.move_ptes.call import moved
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Entries


def shorter_extent(scenario: Scenario) -> Iterator[Scenario]:
    """Move less: the first half, the second half, without the last page, without the first."""
    total = scenario.nr
    old, new = (scenario.address(where) for where in scenario.ranges)
    for nr in (1, total // 2, total - 1):
        if 0 < nr < total:
            yield moved(scenario, extent=nr * PAGE_SIZE)
            cut = total - nr
            yield moved(
                scenario,
                extent=nr * PAGE_SIZE,
                old_addr=old + cut * PAGE_SIZE,
                new_addr=new + cut * PAGE_SIZE,
                actions=with_slots(scenario, lambda slot, cut=cut: slot - cut),  # type: ignore[misc]  # bound now
            )


def closer_entries(scenario: Scenario) -> Iterator[Scenario]:
    """Close a hole in the range: everything behind it moves up one slot."""
    old, new = scenario.ranges
    if old.table == new.table:
        return
    entries, others = scenario.tables[old.table].entries, scenario.tables[new.table].entries
    present = {i for i, _ in entries}
    for hole in range(old.first, old.end - 1):
        if hole not in present:
            gap = hole - old.first
            yield moved(
                scenario,
                old_table=_closed(entries, hole),
                new_table=_closed(others, new.first + gap),
                extent=(old.nr - 1) * PAGE_SIZE,
                actions=with_slots(scenario, lambda slot, gap=gap: slot - (slot > gap)),  # type: ignore[misc]  # bound now
            )


def _closed(entries: Entries, hole: int) -> Entries:
    """`entries` without index `hole`, those behind it one index lower."""
    return tuple((i - (i > hole), pte) for i, pte in entries if i != hole)


def ordinary_call(scenario: Scenario) -> Iterator[Scenario]:
    """No rmap locks, a lock for each table, tables that map."""
    yield moved(scenario, need_rmap_locks=False)
    yield moved(scenario, split_ptlocks=True)
    yield moved(scenario, old_maps=True, new_maps=True)


def plainer_place(scenario: Scenario) -> Iterator[Scenario]:
    """Tables of their own, both ranges at the start or congruent."""
    old, new = scenario.ranges
    if old.table == new.table:
        yield from _in_two_tables(scenario)
        return
    behind = scenario.tables[0].base + scenario.table_bytes
    if scenario.tables[1].base != behind:
        yield moved(scenario, new_addr=behind + new.first * PAGE_SIZE)
    lowest_old, lowest_new = (
        min((i for i, _ in scenario.tables[where.table].entries), default=where.first) for where in (old, new)
    )
    for by in (old.first, old.first & -scenario.config.cont_ptes, 1) if old.first else ():
        if 0 < by <= min(old.first, lowest_old):
            yield _shifted(scenario, by, 0)
            if by <= min(new.first, lowest_new):
                yield _shifted(scenario, by, by)
    for by in (new.first, new.first - old.first, 1) if new.first else ():
        if 0 < by <= min(new.first, lowest_new):
            yield _shifted(scenario, 0, by)


def _in_two_tables(scenario: Scenario) -> Iterator[Scenario]:
    _, new = scenario.ranges
    entries = scenario.tables[0].entries
    new_addr = scenario.address(new) + scenario.table_bytes
    yield moved(
        scenario,
        new_addr=new_addr,
        old_table=tuple((i, pte) for i, pte in entries if i not in new.entries),
        new_table=tuple((i, pte) for i, pte in entries if i in new.entries),
    )
    yield moved(scenario, new_addr=new_addr)


def _shifted(scenario: Scenario, old_by: int, new_by: int) -> Scenario:
    """Both ranges, with everything in their tables, that many entries lower."""
    old, new = scenario.ranges
    return moved(
        scenario,
        old_addr=scenario.address(old) - old_by * PAGE_SIZE,
        new_addr=scenario.address(new) - new_by * PAGE_SIZE,
        old_table=tuple((i - old_by, pte) for i, pte in scenario.tables[0].entries),
        new_table=tuple((i - new_by, pte) for i, pte in scenario.tables[1].entries),
    )


STEPS = Steps(
    fewer_slots=(shorter_extent, closer_entries), ordinary_call=(ordinary_call,), plainer_place=(plainer_place,)
)
