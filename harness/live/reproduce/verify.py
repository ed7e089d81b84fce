# SPDX-License-Identifier: GPL-2.0-only
"""How a program verifies that its page table equals the scenario's."""

from collections.abc import Iterator

from pte_review.harness.live.reproduce.area import (
    GUARD,
    NONE,
    PAGE,
    POISON,
    SWAP,
    WP_MARKER,
    ZERO,
    Area,
    AreaFolio,
    AreaPage,
    runs,
)
from pte_review.harness.live.reproduce.steps import calls


def expected(area: Area) -> tuple[str, ...]:
    """Statements that end the program unless the page table holds what the scenario's does."""
    lines = ["expect_one_vma(FIRST, MOVED);"]
    lines += calls("expect_bits", area.of(NONE), "0", "PM_ANYTHING")
    for kind, set_bits, clear in (
        (WP_MARKER, "PM_UFFD_WP", "PM_PRESENT"),
        (GUARD, "PM_SWAP", "PM_PRESENT | PM_UFFD_WP"),
        (POISON, "PM_SWAP", "PM_PRESENT | PM_UFFD_WP"),
    ):
        lines += calls("expect_bits", area.of(kind), set_bits, clear)
    for uffd_wp in (False, True):
        for soft_dirty in (False, True):
            lines += _expected_bits(area, uffd_wp=uffd_wp, soft_dirty=soft_dirty)
    if area.vma.vm_file:
        lines += calls("expect_bits", [page for page in area.of(PAGE) if page.anon], "0", "PM_FILE")
        lines += calls("expect_bits", [page for page in area.of(PAGE) if not page.anon], "PM_FILE", "0")
    lines += [line for folio in area.folios for line in _expected_folio(folio)]
    large = area.in_folios
    lines += calls("expect_small_folios", [page for page in area.of(PAGE) if page.number not in large])
    lines += calls("expect_zero_pages", area.of(ZERO))
    return tuple(lines)


def _expected_bits(area: Area, *, uffd_wp: bool, soft_dirty: bool) -> Iterator[str]:
    """Of pages and swapped pages with these two bits."""
    for kinds, there, gone in (((PAGE, ZERO), "PM_PRESENT", "PM_SWAP"), ((SWAP,), "PM_SWAP", "PM_PRESENT")):
        pages = [page for page in area.of(*kinds) if (page.uffd_wp, page.soft_dirty) == (uffd_wp, soft_dirty)]
        bits = {True: [there], False: [gone]}
        bits[uffd_wp].append("PM_UFFD_WP")
        if area.soft_dirty_built:
            bits[soft_dirty].append("PM_SOFT_DIRTY")
        yield from calls("expect_bits", pages, " | ".join(bits[True]), " | ".join(bits[False]))


def _expected_folio(folio: AreaFolio) -> Iterator[str]:
    for first, nr in runs(list(folio.pages)):
        yield f"expect_folio({first}, {nr}, {first - folio.first}, {folio.order});"


def write_faults(area: Area) -> tuple[list[AreaPage], list[AreaPage]]:
    """The pages that are written without a fault, and those that fault; none where userspace may not ask."""
    if area.prot_none or not area.vma.write:
        return [], []
    pages = [page for page in area.of(PAGE) if not page.uffd_wp]
    return [page for page in pages if page.write], [page for page in pages if not page.write]
