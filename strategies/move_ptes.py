# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of move_ptes(): which part of a table moves, where to, and who acts meanwhile; legal or hostile."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pte_review.models.actions import CHANGE, Action, When
from pte_review.models.arch.word import PTE_MARKER_POISONED, PTE_MARKER_UFFD_WP
from pte_review.models.config import MMAP_MIN_ADDR, PAGE_SHIFT, PAGE_SIZE
from pte_review.models.move_ptes.call import NEW, OLD, move, moved
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Entries
from pte_review.strategies.actions import (
    ANYTHING,
    LATE,
    PENDING_FLUSH,
    RACE,
    Actions,
    Story,
    draw_when,
    slot_that,
    written_slot,
)
from pte_review.strategies.bits import Bits
from pte_review.strategies.choices import Choices
from pte_review.strategies.contpte import fold_blocks
from pte_review.strategies.drawn import Recipe
from pte_review.strategies.hostile import (
    BREAKERS,
    draw_entry,
    marker_entry,
    put,
    stray_page,
    with_entry,
    with_stray_folio,
    with_two_slots,
    with_uffd,
)
from pte_review.strategies.layout import Layout

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

OLD_BASE = 0x7F00_0000_0000


def scenarios(arch: str | Sequence[str] | None = None, hostile: str | None = None) -> "SearchStrategy[Scenario]":
    """Scenarios of `arch` (one, several, or all). Legal, unless `hostile` names a rule of legal scenarios to break.

    A rule that only one architecture has gives scenarios of that one. Raises ValueError for unknown names.
    """
    from pte_review.strategies.given import scenarios_of  # Hypothesis, which a review does without

    return scenarios_of(RECIPE, arch, hostile)


# -- placement


def _placed(arch: str, layout: Layout, place: Choices, kernel: Choices) -> Scenario:
    """Choose which part of the layout moves, and where to."""
    config, p = layout.words.config, layout.words.config.ptrs_per_pte
    first, nr = _extent(layout, place)
    old_table: Entries = tuple([(i, pte) for i, pte in enumerate(layout.entries, layout.start) if pte])
    new_base, new_index = _destination(layout, first, nr, place)
    vma = layout.vma
    if nr == p and new_index == 0 and not (vma.uffd and not vma.uffd_event_remap):
        nr -= 1  # move_normal_pmd() would have moved the whole table
    old_addr, new_addr = OLD_BASE + (first << PAGE_SHIFT), new_base + (new_index << PAGE_SHIFT)
    need_rmap_locks, split_ptlocks = kernel.chance(35), not kernel.chance(8)
    old_maps, new_maps = not kernel.chance(2), not kernel.chance(2)
    old_addr, new_addr = _elsewhere(old_addr, new_addr, p << PAGE_SHIFT, kernel)
    scenario = move(
        arch,
        old_addr=old_addr,
        new_addr=new_addr,
        extent=nr * PAGE_SIZE,
        old_table=old_table,
        folios=layout.folios,
        vma=vma,
        config=config,
        need_rmap_locks=need_rmap_locks,
        split_ptlocks=split_ptlocks,
        old_maps=old_maps,
        new_maps=new_maps,
    )
    return fold_blocks(scenario, place) if arch == "arm64" and config.contpte else scenario


def _elsewhere(old_addr: int, new_addr: int, table_bytes: int, kernel: Choices) -> tuple[int, int]:
    """Sometimes at the bottom of the address space, where an extent may be more than an address; or moving down."""
    low, down = kernel.chance(6), kernel.chance(40)
    if low and min(old_addr, new_addr) - OLD_BASE >= MMAP_MIN_ADDR:
        return old_addr - OLD_BASE, new_addr - OLD_BASE
    if down:  # another table: nothing changes where old and new lie in one
        return old_addr, new_addr - 2 * ((new_addr & -table_bytes) - OLD_BASE)
    return old_addr, new_addr


def _extent(layout: Layout, place: Choices) -> tuple[int, int]:
    """(first entry index, entries) of the old range: the layout, a part that cuts runs at its ends, a whole table."""
    total, half_block = len(layout.entries), layout.cont_ptes // 2
    lead = min(place.pick((0, 0, 0, 0, 0, 0, 1, half_block, half_block, total // 2, place.wide(total))), total - 1)
    rest = total - lead
    # The whole table comes last: on the way from there to 0 a shrinker meets shorter ranges that end inside a run.
    cuts = (*(0,) * 15, *(1,) * 3, *(rest - 3 * half_block,) * 6, *(rest // 2,) * 3, *(place.wide(rest),) * 3, None)
    tail = place.pick(cuts)
    if tail is None:
        return 0, layout.words.config.ptrs_per_pte
    return layout.start + lead, min(max(rest - tail, 1), rest)


def _destination(layout: Layout, first: int, nr: int, place: Choices) -> tuple[int, int]:
    """(address of the new table, entry index in it): congruent or not, and sometimes in the old table itself."""
    p, block = layout.words.config.ptrs_per_pte, layout.words.config.cont_ptes
    room = p - nr
    offset = place.pick((first, first, first % block, first % block + block, 0, first + 1, place.wide(room + 1)))
    new_index = min(offset, room)
    if place.chance(12):
        end = layout.start + len(layout.entries)
        above = end + (new_index - end) % block if place.chance(60) else end
        if above + nr <= p:
            return OLD_BASE, above
        if nr <= layout.start:
            return OLD_BASE, layout.start - nr
    return OLD_BASE + (p << PAGE_SHIFT) * (1 + place.below(3)), new_index


# -- what others do


def _one_page(scenario: Scenario, slot: int) -> Scenario:
    """Slot `slot` alone moves."""
    ranges = tuple(replace(where, first=where.first + slot, nr=1) for where in scenario.ranges)
    return replace(scenario, ranges=ranges)


def _write_after_clean(scenario: Scenario, choices: Choices) -> Actions:
    """A CPU has the old translation; the page is cleaned at its new address; the CPU stores at the old one."""
    slot = written_slot(scenario, choices)
    first = choices.pick((When("call"), *(When(CHANGE, OLD, slot),) * 3))
    actor = choices.pick((*("write",) * 5, "walk"))
    cleaned = choices.pick(("unlocked", "unlocked", "unlocked", "unlocking", "returned"))
    stored = choices.pick((*("unlocked",) * 5, "returned"))
    return (
        Action(actor, OLD, slot, first),
        Action("mkclean", NEW, slot, When(cleaned), 2),
        Action("write", OLD, slot, When("returned" if cleaned == "returned" else stored)),
    )


def _two_addresses(scenario: Scenario, choices: Choices) -> Actions:
    """One CPU has the old translation, another one walks to the new entry."""
    slot = slot_that(scenario, choices, scenario.words.pte_valid)
    return (
        Action("walk", OLD, slot, draw_when(choices, OLD, slot)),
        Action(choices.pick(("walk", "write")), NEW, slot, When(choices.pick(LATE)), choices.pick((2, 1))),
    )


def _onlooker(scenario: Scenario, choices: Choices) -> Actions:
    """Somebody looks at a new entry while the version is still at work around it."""
    slot = slot_that(scenario, choices, scenario.words.pte_valid)
    beside = choices.pick((slot, slot, min(slot + 1, scenario.nr - 1)))
    actor = choices.pick(("gup", "write", "walk"))
    return (Action(actor, NEW, slot, draw_when(choices, choices.pick((NEW, NEW, OLD)), beside)),)


# -- breakers of its own rules


def _destination_occupied(scenario: Scenario, choices: Choices) -> Scenario:
    """An entry in the new range; more often than not opposite a UFFD_WP marker that the move drops."""
    index = draw_entry(scenario, choices)
    if choices.chance(60) and scenario.config.uffd_wp:
        scenario = with_uffd(scenario)
        scenario = with_entry(scenario, index, marker_entry(scenario, PTE_MARKER_UFFD_WP))
    occupant = choices.pick(("swap", "page", "marker"))
    if occupant == "swap":
        pte = scenario.words.swp_entry_to_pte(0, 0xFFF)
    elif occupant == "page":
        scenario = with_stray_folio(scenario)
        pte = stray_page(scenario, Bits(write=True, young=True))
    else:
        pte = marker_entry(scenario, PTE_MARKER_POISONED)
    old, new = scenario.ranges
    target = new.first + index - old.first
    if old.table == new.table:
        return with_entry(scenario, target, pte)
    return moved(scenario, new_table=put(scenario.tables[1].entries, target, pte))


def _overlap(scenario: Scenario, choices: Choices) -> Scenario:
    """Down, as exec's stack shift does, or up."""
    scenario = with_two_slots(scenario)
    p = scenario.config.ptrs_per_pte
    if scenario.nr > p // 2:  # room to move within the table
        scenario = moved(scenario, extent=p // 2 * PAGE_SIZE)
    old, nr = scenario.ranges[0], scenario.nr
    distance = 1 + choices.wide(max(nr - 1, 1))
    up, down = old.first + distance + nr <= p, old.first >= distance
    if nr == 1 or not (up or down):
        return scenario
    shift = -distance if down and not (up and choices.chance(40)) else distance
    scenario = moved(scenario, new_addr=scenario.address(old) + (shift << PAGE_SHIFT), new_table=())
    old, new = scenario.ranges
    entries = scenario.tables[0].entries
    return moved(scenario, old_table=tuple(e for e in entries if e[0] in old.entries or e[0] not in new.entries))


RECIPE = Recipe(
    place=_placed,
    breakers={"destination-occupied": _destination_occupied, **BREAKERS, "overlap": _overlap},
    stories=(
        *(RACE,) * 3,
        *(Story(_write_after_clean, of_one_page=True),) * 6,
        Story(_two_addresses),
        *(PENDING_FLUSH,) * 2,
        Story(_onlooker),
        ANYTHING,
    ),
    shorter=_one_page,
)
