# SPDX-License-Identifier: GPL-2.0-only
"""One rule of models.legal broken in an otherwise legal scenario, where versions are likely to care.

A breaker works on table 0 and the first range, where entries come from. A subject adds breakers of its own rules.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pte_review.models.arch.word import SWP_PTE_MARKER
from pte_review.models.arch.x86_64 import DIRTY
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.tables import Entries
from pte_review.strategies.bits import Bits, word
from pte_review.strategies.choices import Choices
from pte_review.strategies.contpte import unfold_broken, with_entries

HOSTILE_BYTES = 6
STRAY_PFN = 0x3_0000  # above what layouts hand out
Breaker = Callable[[Scenario, Choices], Scenario]


def break_rule(scenario: Scenario, breaker: Breaker, choices: Choices) -> Scenario:
    """`scenario` with the rule of `breaker` broken at one entry, as `choices` say."""
    broken = breaker(scenario, choices)
    return broken if breaker is _malformed_cont or not scenario.words.CONT else unfold_broken(broken)


# -- building blocks


def draw_entry(scenario: Scenario, choices: Choices) -> int:
    """An entry index of the first range."""
    return scenario.ranges[0].first + choices.wide(scenario.nr)


def put(entries: Entries, index: int, pte: int) -> Entries:
    """`entries` with `pte` at `index`."""
    return tuple(sorted({**dict(entries), index: pte}.items()))


def with_entry(scenario: Scenario, index: int, pte: int) -> Scenario:
    """With `pte` at entry `index` of table 0."""
    return with_entries(scenario, put(scenario.tables[0].entries, index, pte))


def with_vma(scenario: Scenario, **fields: Any) -> Scenario:
    """With fields of the first VMA changed."""
    return replace(scenario, vmas=(replace(scenario.vma, **fields), *scenario.vmas[1:]))


def with_uffd(scenario: Scenario) -> Scenario:
    """With a userfaultfd without UFFD_FEATURE_EVENT_REMAP."""
    config = replace(scenario.config, uffd_wp=True, pte_marker_uffd_wp=True)
    return replace(with_vma(scenario, uffd=True, uffd_modes=("wp",), uffd_event_remap=False), config=config)


def with_stray_folio(scenario: Scenario, *, exclusive: bool = True) -> Scenario:
    """With an order-0 folio at STRAY_PFN of the kind the VMA maps."""
    anon = scenario.vma.anon_vma
    folio = Folio(STRAY_PFN, anon=anon, exclusive=((0, 1),) if anon and exclusive else ())
    return with_folio(scenario, folio)


def with_folio(scenario: Scenario, folio: Folio) -> Scenario:
    """With one folio more; migration entries may have theirs behind it."""
    folios = sorted((*scenario.folios, folio), key=lambda each: each.pfn)
    return replace(scenario, folios=tuple(folios))


def stray_page(scenario: Scenario, bits: Bits, pfn: int = STRAY_PFN) -> int:
    """An entry that maps `pfn` as `bits` say."""
    return word(scenario.words, scenario.vma, pfn, bits)


def marker_entry(scenario: Scenario, marker: int) -> int:
    """A PTE marker."""
    return scenario.words.swp_entry_to_pte(SWP_PTE_MARKER, marker)


def with_two_slots(scenario: Scenario) -> Scenario:
    """With a second entry in every range, where their tables have room for it."""
    size, tables = scenario.config.ptrs_per_pte, [where.table for where in scenario.ranges]
    if scenario.nr > 1 or len(set(tables)) < len(tables) or any(where.first + 2 > size for where in scenario.ranges):
        return scenario
    return replace(scenario, ranges=tuple(replace(where, nr=2) for where in scenario.ranges))


# -- the breakers


def _page_mapped_twice(scenario: Scenario, choices: Choices) -> Scenario:
    index, first = draw_entry(scenario, choices), scenario.ranges[0].first
    other = first + (index - first + 1) % scenario.nr
    if other == index:
        reserved = {i for where in scenario.ranges[1:] if where.table == 0 for i in where.entries}
        other = next(i for i in range(scenario.config.ptrs_per_pte) if i != index and i not in reserved)
    scenario = with_stray_folio(scenario)
    pte = stray_page(scenario, Bits(young=True))
    return with_entry(with_entry(scenario, index, pte), other, pte)


def _write_without_exclusive(scenario: Scenario, choices: Choices) -> Scenario:
    index, words = draw_entry(scenario, choices), scenario.words
    if not scenario.vma.anon_vma:  # a private mapping instead of a shared one: its file pages are read-only
        entries = scenario.tables[0].entries
        read_only = ((i, words.pte_wrprotect(pte) if words.pte_present(pte) else pte) for i, pte in entries)
        scenario = with_entries(with_vma(scenario, anon_vma=True), tuple(read_only))
    scenario = with_stray_folio(scenario, exclusive=False)
    return with_entry(scenario, index, stray_page(scenario, Bits(write=True)))


def _write_with_uffd_wp(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    scenario = with_stray_folio(with_uffd(scenario))
    return with_entry(scenario, index, stray_page(scenario, Bits(write=True)) | scenario.words.UFFD_WP)


def _uffd_wp_unregistered(scenario: Scenario, choices: Choices) -> Scenario:
    """What a move out of a userfaultfd's VMA, or the end of a registration, should have cleared."""
    index = draw_entry(scenario, choices)
    scenario = with_stray_folio(with_vma(with_uffd(scenario), uffd=False, uffd_wp_unpopulated=False))
    return with_entry(scenario, index, stray_page(scenario, Bits(young=True)) | scenario.words.UFFD_WP)


def _mixed_marker(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    scenario = with_uffd(scenario)
    return with_entry(scenario, index, marker_entry(scenario, choices.pick((3, 5, 7))))


def _dirty_read_only(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    scenario = with_stray_folio(with_vma(scenario, shadow_stack=False))
    if not scenario.vma.write:  # a CPU with shadow stacks may write where Write=0 and Dirty=1
        scenario = replace(scenario, config=replace(scenario.config, shstk=False))
    return with_entry(scenario, index, stray_page(scenario, Bits(young=True)) | DIRTY)


def _stray_special(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    scenario = with_stray_folio(with_vma(scenario, pfnmap=False, mixedmap=False))
    return with_entry(scenario, index, scenario.words.pte_mkspecial(stray_page(scenario, Bits(young=True))))


def _bad_pfn(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    return with_entry(scenario, index, stray_page(scenario, Bits(young=True), scenario.config.highest_memmap_pfn + 1))


def _malformed_cont(scenario: Scenario, choices: Choices) -> Scenario:
    index = draw_entry(scenario, choices)
    scenario = with_stray_folio(scenario)
    pte = stray_page(scenario, Bits(write=True, dirty=choices.chance(50)))
    return with_entry(scenario, index, pte | scenario.words.CONT)


def _mixed_protection(scenario: Scenario, choices: Choices) -> Scenario:
    """An executable page, and an ordinary one beside it."""
    scenario = with_two_slots(scenario)
    index, end = draw_entry(scenario, choices), scenario.ranges[0].end
    scenario = with_stray_folio(scenario)
    executable = 1 << 63 if scenario.arch == "x86_64" else 1 << 54
    scenario = with_entry(scenario, index, stray_page(scenario, Bits(young=True)) ^ executable)
    if scenario.nr > 1:
        other = index + 1 if index + 1 < end else index - 1
        folio = Folio(STRAY_PFN + 1, anon=scenario.vma.anon_vma)
        scenario = with_folio(scenario, folio)
        scenario = with_entry(scenario, other, stray_page(scenario, Bits(), STRAY_PFN + 1))
    return scenario


BREAKERS: dict[str, Breaker] = {
    "page-mapped-twice": _page_mapped_twice,
    "write-without-exclusive": _write_without_exclusive,
    "write-with-uffd-wp": _write_with_uffd_wp,
    "uffd-wp-unregistered": _uffd_wp_unregistered,
    "mixed-marker": _mixed_marker,
    "dirty-read-only": _dirty_read_only,
    "stray-special": _stray_special,
    "bad-pfn": _bad_pfn,
    "malformed-cont": _malformed_cont,
    "mixed-protection": _mixed_protection,
}
