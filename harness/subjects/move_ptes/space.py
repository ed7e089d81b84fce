# SPDX-License-Identifier: GPL-2.0-only
"""The space: every table of N entries, as blocks. What is in it is the three tables below and the alphabets.

Sizes are scaled down: page tables of 16 entries, contpte blocks of 2 or 4, and pages from the lowest frames on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from pte_review.harness.exhaust.alphabet import PAIRWISE, Alphabet, values
from pte_review.harness.exhaust.block import Block, Label
from pte_review.harness.exhaust.folio_layout import FolioLayout, layouts
from pte_review.harness.exhaust.groups import groups
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.move_ptes.call import move, moved
from pte_review.models.vma import Vma

PTRS_PER_PTE = 16
OLD_BASE, NEW_BASE = 0x2000_0000, 0x3000_0000

MODES = {
    "no userfaultfd": Vma(),
    "userfaultfd without EVENT_REMAP": Vma(uffd=True),
    "userfaultfd with EVENT_REMAP": Vma(uffd=True, uffd_event_remap=True),
}
VMAS = {
    "read-only": Vma(write=False),
    "read-only, executable": Vma(write=False, exec=True),
    "PROT_NONE": Vma(read=False, write=False),
    "userfaultfd RWP": Vma(uffd=True, uffd_modes=("rwp",)),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the range stands and where it goes, as entry indices; whether pages are mapped beside it."""

    name: str
    old: int
    new: int
    beside: bool = False
    one_table: bool = False


ALONE = Place("to the same index of another table, nothing beside the range", 0, 0)
SHIFTED = Place("to another table, one entry further, pages mapped beside the range", 4, 5, beside=True)
ODD = Place("from and to entry 1, two tables, pages mapped beside the range", 1, 1, beside=True)
WITHIN = Place("eight entries up in the same table, a page mapped behind the range", 0, 8, beside=True, one_table=True)


@dataclass(frozen=True, slots=True)
class SpacePart:
    """One config with what varies under it."""

    name: str
    config: Config
    alphabet: Alphabet
    memories: tuple[str, ...]
    places: tuple[Place, ...]
    least: int = 1  # entries from which on there is such a part
    modes: Mapping[str, Vma] = field(default_factory=lambda: MODES)


FIXED = ("the destination is empty", "no rmap locks", "split page-table locks")
SMALL = Config(ptrs_per_pte=PTRS_PER_PTE, cont_ptes=2, debug_vm=True)  # DEBUG_VM only adds warnings, which are compared
FULL = Alphabet(zero_page=True)
FEW = Alphabet(present=PAIRWISE, migration=False)
PARTS = {
    "x86_64": (
        SpacePart("soft-dirty off", SMALL, FULL, ("anon", "file"), (ALONE, SHIFTED, WITHIN)),
        SpacePart(
            "CONFIG_MEM_SOFT_DIRTY and PAGE_TABLE_CHECK",
            replace(SMALL, mem_soft_dirty=True, page_table_check=True),
            Alphabet(present=PAIRWISE, soft_dirty=True),
            ("anon",),
            (SHIFTED,),
        ),
        SpacePart("other VMAs", SMALL, FEW, ("anon", "file"), (ALONE,), modes=VMAS),
    ),
    "arm64": (
        SpacePart("CONT_PTES 2", SMALL, FULL, ("anon", "file"), (ALONE, SHIFTED)),
        SpacePart("CONT_PTES 2, few values", SMALL, FEW, ("anon", "file"), (ODD, WITHIN)),
        SpacePart("CONT_PTES 4, few values", replace(SMALL, cont_ptes=4), FEW, ("anon",), (ALONE, ODD), least=4),
        SpacePart(
            "no contpte, PAGE_TABLE_CHECK",
            replace(SMALL, contpte=False, page_table_check=True),
            FULL,
            ("anon",),
            (SHIFTED,),
        ),
        SpacePart("other VMAs", SMALL, FEW, ("anon", "file"), (ALONE,), modes=VMAS),
    ),
}


@cache
def space(arch: str, entries: int) -> tuple[Block, ...]:
    """The blocks of `arch` for ranges of `entries` entries, always in the same order."""
    return tuple(
        _block(arch, entries, part, memory, mode, place, layout)
        for part in PARTS[arch]
        if entries >= part.least
        for memory in part.memories
        for place in part.places
        for layout in _layouts(entries, part.config.cont_ptes, place, anon=memory == "anon")
        for mode in part.modes
    )


def _beside(entries: int, block: int, place: Place) -> tuple[int, int]:
    """Pages mapped before and behind the range: one each where there is room, or up to a contpte block's ends."""
    if not place.beside:
        return 0, 0
    end = place.old + entries
    return min(place.old, max(1, place.old % block)), max(1, -end % block)


@cache
def _layouts(entries: int, block: int, place: Place, *, anon: bool) -> tuple[FolioLayout, ...]:
    return layouts(entries, *_beside(entries, block, place), place.old, block, anon=anon)


def _block(
    arch: str, entries: int, part: SpacePart, memory: str, mode: str, place: Place, layout: FolioLayout
) -> Block:
    template = move(
        arch,
        old_addr=OLD_BASE + (place.old << PAGE_SHIFT),
        new_addr=(OLD_BASE if place.one_table else NEW_BASE) + (place.new << PAGE_SHIFT),
        extent=entries << PAGE_SHIFT,
        folios=layout.folios,
        vma=replace(part.modes[mode], vm_file=memory == "file", anon_vma=memory == "anon"),
        config=part.config,
    )
    before, _ = _beside(entries, part.config.cont_ptes, place)
    pfns = dict(enumerate(layout.pfns, place.old - before))
    fixed, varied, folded = groups(template, pfns, part.alphabet)
    names = tuple(value.name for value in values(part.alphabet, template.vma))
    label = Label(part.name, memory, mode, place.name, layout.name, names, folded, FIXED)
    return Block(moved(template, old_table=fixed), varied, label)
