# SPDX-License-Identifier: GPL-2.0-only
"""One named rule of models.legal broken in an otherwise legal scenario, where the versions are likely to care."""

from collections.abc import Callable
from dataclasses import replace

from pte_review.models.arch.word import (
    PTE_MARKER_POISONED,
    PTE_MARKER_UFFD_WP,
    SWP_PTE_MARKER,
)
from pte_review.models.arch.x86_64 import DIRTY
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE
from pte_review.models.scenario import Entries, Folio, Scenario
from pte_review.strategies.bits import Bits, word
from pte_review.strategies.choices import Choices
from pte_review.strategies.contpte import unfold_broken

HOSTILE_BYTES = 6
STRAY_PFN = 0x3_0000  # above what layouts hand out


def break_rule(scenario: Scenario, rule: str, choices: Choices) -> Scenario:
    """`scenario` with `rule` broken at one entry, as `choices` say."""
    broken = BREAKERS[rule](scenario, choices)
    return broken if rule == "malformed-cont" or not scenario.words.CONT else unfold_broken(broken)


def _at_least_two(scenario: Scenario) -> Scenario:
    """With a second entry in the range, where both tables have room for it."""
    p = scenario.config.ptrs_per_pte
    if scenario.nr > 1 or scenario.one_table or max(scenario.old_index, scenario.new_index) + 2 > p:
        return scenario
    return replace(scenario, extent=2 * PAGE_SIZE)


def _slot(scenario: Scenario, choices: Choices) -> int:
    """An entry index of the old range."""
    return scenario.old_index + choices.wide(scenario.nr)


def _destination(scenario: Scenario) -> range:
    """The new range's entry indexes in the old table; none where the new range lies in another table."""
    return range(scenario.new_index, scenario.new_index + scenario.nr if scenario.one_table else scenario.new_index)


def _put(entries: Entries, index: int, pte: int) -> Entries:
    return tuple(sorted({**dict(entries), index: pte}.items()))


def _old(scenario: Scenario, index: int, pte: int) -> Scenario:
    return replace(scenario, old_table=_put(scenario.old_table, index, pte))


def _with_folio(scenario: Scenario, folio: Folio) -> Scenario:
    return replace(scenario, folios=(*scenario.folios, folio))


def _page(scenario: Scenario, bits: Bits, pfn: int = STRAY_PFN) -> int:
    return word(scenario.words, scenario.vma, pfn, bits)


def _own_folio(scenario: Scenario, *, exclusive: bool = True) -> Scenario:
    """With an order-0 folio at STRAY_PFN of the kind the VMA maps."""
    anon = scenario.vma.anon_vma
    return _with_folio(scenario, Folio(STRAY_PFN, anon=anon, exclusive=((0, 1),) if anon and exclusive else ()))


def _marker(scenario: Scenario, marker: int) -> int:
    return scenario.words.swp_entry_to_pte(SWP_PTE_MARKER, marker)


def _uffd(scenario: Scenario) -> Scenario:
    """With a userfaultfd that makes the move clear uffd-wp."""
    config = replace(scenario.config, uffd_wp=True, pte_marker_uffd_wp=True)
    return replace(scenario, vma=replace(scenario.vma, uffd=True, uffd_event_remap=False), config=config)


def _destination_occupied(scenario: Scenario, choices: Choices) -> Scenario:
    """An entry in the new range; more often than not opposite a UFFD_WP marker that the move drops."""
    slot = _slot(scenario, choices)
    if choices.chance(60) and scenario.config.uffd_wp:
        scenario = _uffd(scenario)
        scenario = _old(scenario, slot, _marker(scenario, PTE_MARKER_UFFD_WP))
    occupant = choices.pick(("swap", "page", "marker"))
    if occupant == "swap":
        pte = scenario.words.swp_entry_to_pte(0, 0xFFF)
    elif occupant == "page":
        scenario = _own_folio(scenario)
        pte = _page(scenario, Bits(write=True, young=True))
    else:
        pte = _marker(scenario, PTE_MARKER_POISONED)
    index = scenario.new_index + slot - scenario.old_index
    if scenario.one_table:
        return _old(scenario, index, pte)
    return replace(scenario, new_table=_put(scenario.new_table, index, pte))


def _page_mapped_twice(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    other = scenario.old_index + (slot - scenario.old_index + 1) % scenario.nr
    if other == slot:
        other = next(i for i in range(scenario.config.ptrs_per_pte) if i != slot and i not in _destination(scenario))
    scenario = _own_folio(scenario)
    pte = _page(scenario, Bits(young=True))
    return _old(_old(scenario, slot, pte), other, pte)


def _read_only(scenario: Scenario, pte: int) -> int:
    return scenario.words.pte_wrprotect(pte) if scenario.words.pte_present(pte) else pte


def _write_without_exclusive(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    if not scenario.vma.anon_vma:  # a private mapping instead of a shared one: its file pages are read-only
        table = tuple((i, _read_only(scenario, pte)) for i, pte in scenario.old_table)
        scenario = replace(scenario, vma=replace(scenario.vma, anon_vma=True), old_table=table)
    return _old(_own_folio(scenario, exclusive=False), slot, _page(scenario, Bits(write=True)))


def _write_with_uffd_wp(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    scenario = _own_folio(_uffd(scenario))
    return _old(scenario, slot, _page(scenario, Bits(write=True)) | scenario.words.UFFD_WP)


def _mixed_marker(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    scenario = _uffd(scenario)
    return _old(scenario, slot, _marker(scenario, choices.pick((3, 5, 7))))


def _dirty_read_only(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    scenario = _own_folio(replace(scenario, vma=replace(scenario.vma, shadow_stack=False)))
    return _old(scenario, slot, _page(scenario, Bits(young=True)) | DIRTY)


def _stray_special(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    scenario = _own_folio(replace(scenario, vma=replace(scenario.vma, pfnmap=False, mixedmap=False)))
    return _old(scenario, slot, scenario.words.pte_mkspecial(_page(scenario, Bits(young=True))))


def _bad_pfn(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    return _old(scenario, slot, _page(scenario, Bits(young=True), scenario.config.highest_memmap_pfn + 1))


def _malformed_cont(scenario: Scenario, choices: Choices) -> Scenario:
    slot = _slot(scenario, choices)
    scenario = _own_folio(scenario)
    return _old(scenario, slot, _page(scenario, Bits(write=True, dirty=choices.chance(50))) | scenario.words.CONT)


def _mixed_protection(scenario: Scenario, choices: Choices) -> Scenario:
    """An executable page, and an ordinary one beside it."""
    scenario = _at_least_two(scenario)
    slot = _slot(scenario, choices)
    scenario = _own_folio(scenario)
    executable = 1 << 63 if scenario.arch == "x86_64" else 1 << 54
    scenario = _old(scenario, slot, _page(scenario, Bits(young=True)) ^ executable)
    if scenario.nr > 1:
        other = slot + 1 if slot + 1 < scenario.old_index + scenario.nr else slot - 1
        scenario = _with_folio(scenario, Folio(STRAY_PFN + 1, anon=scenario.vma.anon_vma))
        scenario = _old(scenario, other, _page(scenario, Bits(), STRAY_PFN + 1))
    return scenario


def _overlap(scenario: Scenario, choices: Choices) -> Scenario:
    """Down, as exec's stack shift does, or up."""
    scenario = _at_least_two(scenario)
    half = scenario.config.ptrs_per_pte // 2
    if scenario.nr > half:  # room to move within the table
        scenario = replace(scenario, extent=half * PAGE_SIZE)
    distance = 1 + choices.wide(max(scenario.nr - 1, 1))
    up = scenario.old_index + distance + scenario.nr <= scenario.config.ptrs_per_pte
    down = scenario.old_index >= distance
    if scenario.nr == 1 or not (up or down):
        return scenario
    shift = -distance if down and not (up and choices.chance(40)) else distance
    scenario = replace(scenario, new_addr=scenario.old_addr + (shift << PAGE_SHIFT), new_table=())
    source = range(scenario.old_index, scenario.old_index + scenario.nr)
    table = tuple((i, pte) for i, pte in scenario.old_table if i in source or i not in _destination(scenario))
    return replace(scenario, old_table=table)


BREAKERS: dict[str, Callable[[Scenario, Choices], Scenario]] = {
    "destination-occupied": _destination_occupied,
    "page-mapped-twice": _page_mapped_twice,
    "write-without-exclusive": _write_without_exclusive,
    "write-with-uffd-wp": _write_with_uffd_wp,
    "mixed-marker": _mixed_marker,
    "dirty-read-only": _dirty_read_only,
    "stray-special": _stray_special,
    "bad-pfn": _bad_pfn,
    "malformed-cont": _malformed_cont,
    "mixed-protection": _mixed_protection,
    "overlap": _overlap,
}
