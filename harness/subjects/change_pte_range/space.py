# SPDX-License-Identifier: GPL-2.0-only
"""The space: every table of N entries under each kind of call, as blocks. What is in it is the tables below.

Sizes are scaled down: page tables of 16 entries, contpte blocks of 2 or 4, and pages from the lowest frames on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from pte_review.harness.exhaust.alphabet import PAIRWISE, Alphabet, values
from pte_review.harness.exhaust.block import Block, Label
from pte_review.harness.exhaust.folio_layout import FolioLayout, layouts
from pte_review.harness.exhaust.groups import groups
from pte_review.models.change_pte_range.call import MPROTECT, NUMA, UFFD_PROTECT, UFFD_RESOLVE, protect, protected
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.scenario import Folio, PageRanges
from pte_review.models.vma import Vma

PTRS_PER_PTE = 16
BASE = 0x2000_0000
READ_ONLY, WRITTEN, UFFD = Vma(write=False), Vma(), Vma(uffd=True)


@dataclass(frozen=True, slots=True)
class Mode:
    """A call on a VMA."""

    name: str
    vma: Vma
    caller: str = MPROTECT
    protection: str = "rw"


MODES = (
    Mode("mprotect from r to rw", READ_ONLY),
    Mode("mprotect from rw to r", WRITTEN, protection="r"),
    Mode("mprotect from rw to none", WRITTEN, protection=""),
    Mode("mprotect from none to rw", Vma(read=False, write=False)),
    Mode("NUMA balancing", WRITTEN, NUMA),
    Mode("userfaultfd-wp on", UFFD, UFFD_PROTECT),
    Mode("userfaultfd-wp off", UFFD, UFFD_RESOLVE),
)
# Which pages of an anon folio are AnonExclusive, where none of them is writable.
EXCLUSIVE: dict[str, Callable[[int], PageRanges]] = {
    "all pages AnonExclusive": lambda size: ((0, size),),
    "head pages AnonExclusive": lambda _: ((0, 1),),
    "all but head pages AnonExclusive": lambda size: ((1, size),) if size > 1 else (),
}


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
    memories: tuple[str, ...]
    places: tuple[RangePlace, ...]
    least: int = 1  # entries from which on there is such a part


FIXED = ("the table maps", "more than one thread", "folios on a node of their own")
SMALL = Config(ptrs_per_pte=PTRS_PER_PTE, cont_ptes=2, debug_vm=True)
FULL, FEW = Alphabet(zero_page=True), Alphabet(present=PAIRWISE, migration=False)
PARTS = {
    "x86_64": (
        ProtectionPart("soft-dirty off", SMALL, FULL, ("anon", "file"), (ALONE, BESIDE)),
        ProtectionPart(
            "CONFIG_MEM_SOFT_DIRTY and PAGE_TABLE_CHECK",
            replace(SMALL, mem_soft_dirty=True, page_table_check=True),
            Alphabet(present=PAIRWISE, soft_dirty=True),
            ("anon",),
            (BESIDE,),
        ),
    ),
    "arm64": (
        ProtectionPart("CONT_PTES 2", SMALL, FULL, ("anon", "file"), (ALONE, BESIDE)),
        ProtectionPart(
            "CONT_PTES 4, few values", replace(SMALL, cont_ptes=4), FEW, ("anon",), (ALONE, BESIDE), least=4
        ),
        ProtectionPart(
            "no contpte, PAGE_TABLE_CHECK",
            replace(SMALL, contpte=False, page_table_check=True, own_needs_flush=True),
            FULL,
            ("anon",),
            (BESIDE,),
        ),
    ),
}


@cache
def space(arch: str, entries: int) -> tuple[Block, ...]:
    """The blocks of `arch` for ranges of `entries` entries, always in the same order."""
    return tuple(
        _block(arch, entries, part, memory, mode, place, layout, exclusive)
        for part in PARTS[arch]
        if entries >= part.least
        for memory in part.memories
        for place in part.places
        for layout in _layouts(entries, part.config.cont_ptes, place, anon=memory == "anon")
        for mode in MODES
        for exclusive in (EXCLUSIVE if memory == "anon" and not mode.vma.write else [*EXCLUSIVE][:1])
    )


def _beside(entries: int, block: int, place: RangePlace) -> tuple[int, int]:
    """Pages mapped before and behind the range: up to a contpte block's ends, at least one."""
    return (place.first, max(1, -(place.first + entries) % block)) if place.first else (0, 0)


@cache
def _layouts(entries: int, block: int, place: RangePlace, *, anon: bool) -> tuple[FolioLayout, ...]:
    return layouts(entries, *_beside(entries, block, place), place.first, block, anon=anon)


def _block(
    arch: str,
    entries: int,
    part: ProtectionPart,
    memory: str,
    mode: Mode,
    place: RangePlace,
    layout: FolioLayout,
    exclusive: str,
) -> Block:
    anon = memory == "anon"
    template = protect(
        arch,
        addr=BASE + (place.first << PAGE_SHIFT),
        nr=entries,
        folios=[_folio(folio, exclusive) for folio in layout.folios],
        vma=replace(mode.vma, vm_file=not anon, anon_vma=anon),
        config=part.config,
        caller=mode.caller,
        protection=mode.protection,
    )
    before, _ = _beside(entries, part.config.cont_ptes, place)
    fixed, varied, folded = groups(template, dict(enumerate(layout.pfns, place.first - before)), part.alphabet)
    names = tuple(value.name for value in values(part.alphabet, template.vma))
    access = "written" if mode.vma.write else "read-only" if mode.vma.read else "without access"
    label = Label(
        f"{part.name}, {access}", memory, f"{mode.name}, {exclusive}", place.name, layout.name, names, folded, FIXED
    )
    return Block(protected(template, entries=fixed), varied, label)


def _folio(folio: Folio, exclusive: str) -> Folio:
    """On a node of its own, so that NUMA balancing has something to do."""
    pages = EXCLUSIVE[exclusive](1 << folio.order) if folio.anon else ()
    return replace(folio, exclusive=pages, nid=1)
