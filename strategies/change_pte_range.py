# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of change_pte_range(): who changes which part of a table, which pages are exclusive, who acts meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pte_review.models.actions import ACCESS, CHANGE, Action, When
from pte_review.models.arch.word import MAX_SWAPFILES, SWP_MIGRATION_WRITE
from pte_review.models.change_pte_range.call import (
    MPROTECT,
    NAME,
    NUMA,
    PROTECTIONS,
    UFFD_PROTECT,
    UFFD_RESOLVE,
    protect,
    protect_arguments,
    protected,
)
from pte_review.models.config import MMAP_MIN_ADDR, PAGE_SHIFT, Config
from pte_review.models.scenario import Folio, Scenario, page_ranges
from pte_review.models.vma import Vma
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
from pte_review.strategies.choices import Choices
from pte_review.strategies.contpte import fold_blocks
from pte_review.strategies.drawn import Recipe
from pte_review.strategies.hostile import BREAKERS, Breaker, with_vma
from pte_review.strategies.layout import Layout

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

BASE = 0x7F00_0000_0000
CALLERS = (*(MPROTECT,) * 14, *(NUMA,) * 3, UFFD_PROTECT, UFFD_RESOLVE)
CALLERS_WITH_UFFD = (*(MPROTECT,) * 10, NUMA, *(UFFD_PROTECT,) * 5, *(UFFD_RESOLVE,) * 5)
READ_ONLY_BEFORE = 55  # of 100 calls of mprotect()


def scenarios(arch: str | Sequence[str] | None = None, hostile: str | None = None) -> "SearchStrategy[Scenario]":
    """Scenarios of `arch` (one, several, or all). Legal, unless `hostile` names a rule of legal scenarios to break.

    A rule that only one architecture has gives scenarios of that one. Raises ValueError for unknown names.
    """
    from pte_review.strategies.given import scenarios_of  # Hypothesis, which a review does without

    return scenarios_of(RECIPE, arch, hostile)


# -- placement


def _placed(arch: str, layout: Layout, place: Choices, kernel: Choices) -> Scenario:
    """Choose the caller, and which part of the layout is its range."""
    config = _config(layout.words.config, arch, kernel)
    first, nr = _range(layout, place)
    caller, numa = _caller(layout.vma, config, kernel), kernel.below(256)
    read_only, chosen, maps = kernel.chance(READ_ONLY_BEFORE), kernel.below(256), not kernel.chance(2)
    exclusive = kernel.wide(1 << 16)
    scenario = protect(
        arch,
        addr=_addr(first << PAGE_SHIFT, kernel),
        nr=nr,
        entries=tuple((layout.start + i, pte) for i, pte in enumerate(layout.entries) if pte),
        folios=layout.folios,
        vma=layout.vma,
        config=config,
        caller=caller,
        single_threaded=numa % 3 == 1,
        maps=maps,
    )
    scenario = _with_kernel_entries(scenario)
    if caller == MPROTECT:
        scenario = _read_only(scenario) if read_only else scenario
        scenario = protected(scenario, protection=_protection(scenario.vma, chosen))
    scenario = _with_exclusive(scenario, exclusive)
    if caller == NUMA:
        scenario = _with_numa(scenario, numa // 3)
    return fold_blocks(scenario, place) if arch == "arm64" and config.contpte else scenario


def _config(config: Config, arch: str, kernel: Choices) -> Config:
    """With what only this function asks."""
    drawn = kernel.below(16)
    return replace(
        config,
        own_needs_flush=arch == "arm64" and drawn % 2 == 1,
        erratum_2645198=arch == "arm64" and drawn in (6, 7),
        numa_normal=drawn not in (8, 9),
    )


def _addr(offset: int, kernel: Choices) -> int:
    """Sometimes in the first page table, where a range may be longer than its address is high."""
    return offset if kernel.chance(10) and offset >= MMAP_MIN_ADDR else BASE + offset


def _range(layout: Layout, place: Choices) -> tuple[int, int]:
    """(first entry index, entries): the layout, or a part that cuts runs at its ends."""
    total, half_block = len(layout.entries), layout.cont_ptes // 2
    lead = min(place.pick((0, 0, 0, 0, 0, 1, half_block, total // 2, place.wide(total))), total - 1)
    rest = total - lead
    tail = place.pick((0, 0, 0, 0, 0, 0, 1, rest - 3 * half_block, rest // 2, place.wide(rest)))
    return layout.start + lead, min(max(rest - tail, 1), rest)


def _caller(vma: Vma, config: Config, kernel: Choices) -> str:
    """Who calls on such a VMA; mprotect() calls on any."""
    protects = vma.uffd and bool({"wp", "rwp"} & {*vma.uffd_modes})
    caller = kernel.pick(CALLERS_WITH_UFFD if protects else CALLERS)
    if caller == NUMA:
        scanned = vma.accessible and not (vma.pfnmap or vma.mixedmap) and (vma.write or not vma.vm_file)
        return NUMA if scanned else MPROTECT
    if caller == MPROTECT or not protects:
        return MPROTECT
    mapped = vma.pfnmap or vma.mixedmap or vma.shadow_stack or (vma.vm_file and not config.pte_marker_uffd_wp)
    return MPROTECT if mapped or not config.uffd_wp else caller


def _protection(vma: Vma, chosen: int) -> str:
    """What mprotect() may change the VMA's protection to; most often to reading and writing."""
    before = vma.letters
    wanted = ("rw", "rw", "rw", "rw", "r", "r", "rwx", "rx", "", "w", "wx")
    possible = [
        letters
        for letters in wanted
        if letters in PROTECTIONS
        and letters != before
        and ("w" not in letters or vma.maywrite)
        and ("w" in letters or not vma.shadow_stack)
    ]
    return possible[chosen * len(possible) >> 8]


# -- what only some callers meet


def _with_kernel_entries(scenario: Scenario) -> Scenario:
    """The exclusive flag in swap entries alone; a folio behind each writable migration entry of anonymous memory."""
    words = scenario.words
    entries, folios = [], {folio.pfn: folio for folio in scenario.folios}
    for index, pte in scenario.tables[0].entries:
        if words.is_swap_pte(pte) and words.swp_type(pte) >= MAX_SWAPFILES:
            pte &= ~words.SWP_EXCLUSIVE
            pfn = words.swp_offset(pte) & ((1 << words.SWP_PFN_BITS) - 1)
            if words.swp_type(pte) == SWP_MIGRATION_WRITE and scenario.vma.anon_vma and pfn % 4:
                folios[pfn] = Folio(pfn)
        entries.append((index, pte))
    return protected(scenario, entries=tuple(entries), folios=tuple(folios[pfn] for pfn in sorted(folios)))


def _read_only(scenario: Scenario) -> Scenario:
    """As if mprotect() had taken write permission away before."""
    words, vma = scenario.words, scenario.vma
    if not vma.write or vma.shadow_stack:
        return scenario
    entries = (
        (index, words.pte_wrprotect(pte) if words.pte_valid(pte) else pte) for index, pte in scenario.tables[0].entries
    )
    return protected(scenario, entries=tuple(entries), vma=replace(vma, write=False, read=True))


def _with_exclusive(scenario: Scenario, drawn: int) -> Scenario:
    """Pages of large anon folios of which some are AnonExclusive: on one side of a border, as after a fork of a part.

    Writable pages are, in any case.
    """
    if not drawn:
        return scenario
    words = scenario.words
    written = {
        words.pte_pfn(pte) for _, pte in scenario.tables[0].entries if words.pte_write(pte) and words.pte_present(pte)
    }
    folios = []
    for folio in scenario.folios:
        if folio.anon and folio.order:
            size = 1 << folio.order
            border, below, shares = 1 + (drawn >> 2) % (size - 1), drawn & 1, drawn & 2
            pages = {page for page in range(size) if (page < border) == bool(below) or folio.pfn + page in written}
            others = set(range(size)) - pages
            folio = replace(folio, exclusive=page_ranges(pages), shared=page_ranges(others) if shares else ())
        folios.append(folio)
    return protected(scenario, folios=folios)


def _with_numa(scenario: Scenario, drawn: int) -> Scenario:
    """One fact in all folios or in the first: the node, or why they may not be migrated. Others are on node 1."""
    facts: tuple[dict[str, Any], ...] = (
        {},
        {"nid": 0},
        {"nid": 0},
        {"nid": 2},
        {"ksm": True},
        {"pinned": True},
        {"pinned": True},
        {"dirty": True},
        {"device": True},
    )
    fact = facts[drawn % len(facts)]
    only_first = drawn // len(facts) % 2
    folios = [
        replace(folio, **{"nid": 1, **({} if only_first and i else fact)}) for i, folio in enumerate(scenario.folios)
    ]
    return protected(scenario, folios=folios)


# -- breakers of its own rules


def _newprot_disagrees(scenario: Scenario, choices: Choices) -> Scenario:
    """mprotect() has changed the VMA's flags, and passes what other flags say."""
    scenario = _by_mprotect(scenario, choices)
    protection = protect_arguments(scenario)["protection"]
    other = choices.pick([each for each in PROTECTIONS if each != protection])
    return protected(scenario, newprot_of=other)


def _nothing_changes(scenario: Scenario, _choices: Choices) -> Scenario:
    return protected(scenario, caller=MPROTECT, protection=scenario.vma.letters)


def _numa_skipped(scenario: Scenario, choices: Choices) -> Scenario:
    """In a MIXEDMAP VMA, whose ordinary pages have folios; half of the files are read-only instead."""
    if scenario.vma.vm_file and choices.chance(50):
        scenario = _read_only(scenario)
    else:
        scenario = with_vma(scenario, mixedmap=True)
    return protected(scenario, caller=NUMA)


def _where_written(breaker: Breaker) -> Breaker:
    """`breaker`, which needs a VMA with VM_WRITE."""

    def broken(scenario: Scenario, choices: Choices) -> Scenario:
        scenario = with_vma(scenario, write=True)
        return breaker(_by_mprotect(scenario, choices) if scenario.call.mmap_write_locked else scenario, choices)

    return broken


def _by_mprotect(scenario: Scenario, choices: Choices) -> Scenario:
    return protected(scenario, caller=MPROTECT, protection=_protection(scenario.vma, choices.below(256)))


def _uffd_wp_unregistered(scenario: Scenario, choices: Choices) -> Scenario:
    """mprotect() or NUMA balancing meets it: userfaultfd would be asked for its registration first."""
    scenario = BREAKERS["uffd-wp-unregistered"](scenario, choices)
    met = scenario.call.mmap_write_locked or protect_arguments(scenario)["caller"] == NUMA
    return scenario if met else _by_mprotect(scenario, choices)


def _not_registered(scenario: Scenario, choices: Choices) -> Scenario:
    """The range was unregistered in the meantime: no entry has uffd-wp any more."""
    words = scenario.words
    entries = []
    for index, pte in scenario.tables[0].entries:
        if words.pte_marker_uffd_wp(pte):
            continue
        cleared = words.pte_clear_uffd_wp(pte) if words.pte_present(pte) else words.pte_swp_clear_uffd_wp(pte)
        entries.append((index, cleared if words.pte_present(pte) or words.is_swap_pte(pte) else pte))
    vma = replace(scenario.vma, uffd=False, uffd_event_remap=False, uffd_wp_unpopulated=False)
    caller = choices.pick((UFFD_PROTECT, UFFD_RESOLVE))
    return protected(scenario, entries=tuple(entries), vma=vma, caller=caller)


# -- what others do


def _one_page(scenario: Scenario, slot: int) -> Scenario:
    """Slot `slot` alone is changed."""
    (where,) = scenario.ranges
    return replace(scenario, ranges=(replace(where, first=where.first + slot, nr=1),))


def _store_before_the_flush(scenario: Scenario, choices: Choices) -> Actions:
    """A CPU has the old translation and stores through it when the lock is dropped; the page may be cleaned then."""
    slot = written_slot(scenario, choices)
    actor = choices.pick(("write", "walk", "write"))
    cleaned = choices.pick((False, False, True))
    stored = Action("write", NAME, slot, When("unlocked"))
    cleans = (Action("mkclean", NAME, slot, When("unlocked"), 2),) if cleaned else ()
    return (Action(actor, NAME, slot, When("call")), *cleans, stored)


def _onlooker(scenario: Scenario, choices: Choices) -> Actions:
    """Somebody looks at an entry while the version is at work around it, or takes it once the lock is dropped."""
    slot = slot_that(scenario, choices, scenario.words.pte_present)
    beside = choices.pick((slot, slot, min(slot + 1, scenario.nr - 1)))
    actor = choices.pick(("gup", "write", "walk"))
    when = draw_when(choices, NAME, beside) if choices.chance(60) else When(choices.pick(LATE))
    return (Action(actor, NAME, slot, when),)


def _fault(scenario: Scenario, choices: Choices) -> Actions:
    """A CPU takes a fault while the version is at work; one may have the old translation, one may come afterwards.

    mprotect() holds mmap_lock for writing: what is left then is the old translation.
    """
    if scenario.call.mmap_write_locked:
        return _store_before_the_flush(scenario, choices)
    slot = slot_that(scenario, choices, scenario.words.pte_present)
    anchored = When(choices.pick((CHANGE, ACCESS)), NAME, slot, 1 + choices.below(3))
    when = choices.pick((anchored, anchored, When("locked"), When("unlocked"), When("returned")))
    cached = Action(choices.pick(("write", "walk")), NAME, slot, When("call"), choices.pick((1, 2)))
    later = Action(choices.pick(("gup", "mkclean", "write")), NAME, slot, When(choices.pick(LATE[:2])), 2)
    faulted = Action("fault", NAME, slot, when)
    return choices.pick(((faulted,), (cached, faulted), (faulted, later), (cached, faulted, later)))


RECIPE = Recipe(
    place=_placed,
    breakers={
        "newprot-disagrees": _newprot_disagrees,
        "nothing-changes": _nothing_changes,
        "numa-skipped": _numa_skipped,
        "not-registered": _not_registered,
        **BREAKERS,
        "write-without-exclusive": _where_written(BREAKERS["write-without-exclusive"]),
        "write-with-uffd-wp": _where_written(BREAKERS["write-with-uffd-wp"]),
        "uffd-wp-unregistered": _uffd_wp_unregistered,
    },
    stories=(
        *(RACE,) * 3,
        *(Story(_store_before_the_flush, of_one_page=True),) * 4,
        Story(_onlooker),
        *(Story(_fault, of_one_page=True),) * 4,
        *(PENDING_FLUSH,) * 2,
        ANYTHING,
    ),
    shorter=_one_page,
)
