# SPDX-License-Identifier: GPL-2.0-only
"""The space: every table of N entries under each kind of call, as blocks. space_calls.py has the calls.

Sizes are scaled down: page tables of 16 entries, contpte blocks of 2 or 4, and pages from the lowest frames on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pte_review.harness.exhaust.alphabet import FIRST_MIGRATING_PFN, PAIRWISE, Alphabet, values
from pte_review.harness.exhaust.block import Block, Label
from pte_review.harness.exhaust.folio_layout import FolioLayout, layouts
from pte_review.harness.exhaust.groups import groups
from pte_review.harness.subjects.change_pte_range.space_calls import (
    BASIC,
    FOLIO_FACTS,
    MEMORIES,
    OTHERS,
    USERFAULTFD,
    KindOfCall,
)
from pte_review.models.change_pte_range.call import MM_CP_TRY_CHANGE_WRITABLE, ProtectCall, protect, protected
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.scenario import Folio, Scenario, page_ranges

PTRS_PER_PTE = 16
BASE = 0x2000_0000
PATTERN = 4  # pages: which of each so many are AnonExclusive
ALL_EXCLUSIVE = (1 << PATTERN) - 1
FEW_SETS = (0b0001, 0b1110, 0)
FIXED = ("the table maps",)


@dataclass(frozen=True, slots=True)
class RangePlace:
    """The first entry of the range; pages are mapped beside it where it is not the first of the table."""

    name: str
    first: int


ALONE, BESIDE = (
    RangePlace("at the start of the table", 0),
    RangePlace("from entry 1 on, pages mapped beside the range", 1),
)


@dataclass(frozen=True, slots=True)
class ProtectionPart:
    """One config with what varies under it."""

    name: str
    config: Config
    alphabet: Alphabet
    calls: tuple[KindOfCall, ...]
    places: tuple[RangePlace, ...] = (ALONE, BESIDE)
    memories: tuple[str, ...] = MEMORIES
    by_page: bool = False  # whether all sets of AnonExclusive pages are tried, and not a few
    least: int = 1  # entries from which on there is such a part


SMALL = Config(ptrs_per_pte=PTRS_PER_PTE, cont_ptes=2, debug_vm=True)
CHECKED = replace(SMALL, page_table_check=True)
FULL, FEW = Alphabet(zero_page=True), Alphabet(present=PAIRWISE, migration=False)
ABSENT = Alphabet(present=((True, True, True),), writable_swap=True, markers=True)
COMMON = (
    ProtectionPart("execute permission, few values", SMALL, FEW, OTHERS, (BESIDE,)),
    ProtectionPart("userfaultfd, few values", SMALL, FEW, USERFAULTFD, (ALONE,)),
    ProtectionPart("entries of all kinds", SMALL, ABSENT, (*BASIC[1:2], *USERFAULTFD[:3]), (ALONE,)),
    ProtectionPart("more of NUMA and files, few values", SMALL, FEW, FOLIO_FACTS, (BESIDE,)),
)
PARTS = {
    "x86_64": (
        ProtectionPart("soft-dirty off", SMALL, FULL, BASIC, by_page=True),
        *COMMON,
        ProtectionPart(
            "CONFIG_MEM_SOFT_DIRTY and PAGE_TABLE_CHECK",
            replace(CHECKED, mem_soft_dirty=True),
            Alphabet(present=PAIRWISE, soft_dirty=True),
            (*BASIC, *USERFAULTFD[:2]),
            (BESIDE,),
            ("anon",),
        ),
    ),
    "arm64": (
        ProtectionPart("CONT_PTES 2", SMALL, FULL, BASIC, (ALONE,), by_page=True),
        ProtectionPart("CONT_PTES 2, few values", SMALL, FEW, BASIC, (BESIDE,), by_page=True),
        *COMMON,
        ProtectionPart(
            "CONT_PTES 4, few values",
            replace(SMALL, cont_ptes=4),
            FEW,
            (*BASIC, *USERFAULTFD[:2]),
            memories=("anon",),
            by_page=True,
            least=4,
        ),
        ProtectionPart(
            "no contpte, PAGE_TABLE_CHECK",
            replace(CHECKED, contpte=False, own_needs_flush=True),
            FULL,
            BASIC,
            (BESIDE,),
            ("anon",),
        ),
    ),
}


@cache
def space(arch: str, entries: int) -> tuple[Block, ...]:
    """The blocks of `arch` for ranges of `entries` entries, always in the same order."""
    return tuple(
        block
        for part in PARTS[arch]
        if entries >= part.least
        for memory in part.memories
        for place in part.places
        for layout in _layouts(entries, part.config.cont_ptes, place, anon=memory == "anon")
        for call in part.calls
        if memory in call.memories
        for block in _blocks(arch, entries, part, memory, place, layout, call)
    )


def _beside(entries: int, block: int, place: RangePlace) -> tuple[int, int]:
    """Pages mapped before and behind the range: up to a contpte block's ends, at least one."""
    return (place.first, max(1, -(place.first + entries) % block)) if place.first else (0, 0)


@cache
def _layouts(entries: int, block: int, place: RangePlace, *, anon: bool) -> tuple[FolioLayout, ...]:
    return layouts(entries, *_beside(entries, block, place), place.first, block, anon=anon)


def _blocks(
    arch: str, entries: int, part: ProtectionPart, memory: str, place: RangePlace, layout: FolioLayout, call: KindOfCall
) -> Iterator[Block]:
    """One block, or one for each set of AnonExclusive pages where the call may make entries writable for their sake."""
    anon = memory == "anon"
    template = protect(
        arch,
        addr=BASE + (place.first << PAGE_SHIFT),
        nr=entries,
        vma=replace(call.vma, vm_file=not anon, anon_vma=anon),
        config=part.config,
        caller=call.caller,
        protection=call.protection,
        single_threaded=call.single_threaded,
    )
    seen = set()
    for pattern in _patterns(template, part, anon=anon):
        folios = tuple(_folio(folio, pattern, call) for folio in layout.folios)
        if folios not in seen:
            seen.add(folios)
            yield _block(template, folios, part, memory, place, layout, call, pattern)


def _patterns(template: Scenario, part: ProtectionPart, *, anon: bool) -> Iterator[int]:
    """Sets of AnonExclusive pages, a bit each, where they decide over write permission."""
    call = template.call
    assert isinstance(call, ProtectCall)
    yield ALL_EXCLUSIVE
    if anon and call.flags(template) & MM_CP_TRY_CHANGE_WRITABLE:
        yield from range(ALL_EXCLUSIVE) if part.by_page else FEW_SETS


def _block(
    template: Scenario,
    folios: tuple[Folio, ...],
    part: ProtectionPart,
    memory: str,
    place: RangePlace,
    layout: FolioLayout,
    call: KindOfCall,
    pattern: int,
) -> Block:
    template = protected(template, folios=folios + _migrating(template.nr, part, memory))
    before, _ = _beside(template.nr, part.config.cont_ptes, place)
    fixed, varied, folded = groups(template, dict(enumerate(layout.pfns, place.first - before)), part.alphabet)
    access = "written" if call.vma.write else "read-only" if call.vma.read else "without access"
    label = Label(
        f"{part.name}, {access}",
        memory,
        call.name,
        place.name,
        layout.name,
        tuple(value.name for value in values(part.alphabet, template.vma)),
        folded,
        FIXED,
        _pages(pattern) if memory == "anon" else "",
    )
    return Block(protected(template, entries=fixed), varied, label)


def _folio(folio: Folio, pattern: int, call: KindOfCall) -> Folio:
    pages = {page for page in range(1 << folio.order) if pattern >> page % PATTERN & 1}
    return call.folio(replace(folio, exclusive=page_ranges(pages) if folio.anon else ()))


def _migrating(entries: int, part: ProtectionPart, memory: str) -> tuple[Folio, ...]:
    """The folios that writable migration entries stand for: of anon memory they are anon."""
    if memory != "anon" or not part.alphabet.writable_swap:
        return ()
    return tuple(Folio(FIRST_MIGRATING_PFN + slot, exclusive=((0, 1),)) for slot in range(entries))


def _pages(pattern: int) -> str:
    """A set of pages in words."""
    if pattern == ALL_EXCLUSIVE:
        return "all"
    return ", ".join(str(page) for page in range(PATTERN) if pattern >> page & 1) or "none"
