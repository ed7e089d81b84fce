# SPDX-License-Identifier: GPL-2.0-only
"""A run of a large folio's pages mapped alike, of which a few have been changed since."""

from pte_review.models.scenario import Folio, page_ranges
from pte_review.strategies.bits import Bits, draw_bits, protection
from pte_review.strategies.choices import Choices
from pte_review.strategies.layout import Layout

CHANGES = (0, 1, 1, 2, 2, 3)
BY_BLOCK = 24  # of 100 folios that reach into a second contpte block
MOST_COMMON = 32  # entries: what is shorter is mapped whole more often


def add_large(layout: Layout, choices: Choices, changes: Choices) -> None:
    """Append pages of a new large folio, from any of its pages on, with `changes` to some of them."""
    anon = layout.next_is_anon(choices)
    order = choices.pick(_orders(layout, anon=anon))
    size = 1 << order
    pfn = (layout.next_pfn + size - 1) & -size
    first = _first_page(layout, choices, size)
    count = max(1, min(_count(layout, choices, size), size - first, layout.room))
    may_write = layout.may_write(anon=anon)
    bits = [draw_bits(choices, may_write=may_write)] * count
    changed = _change(layout, changes, bits, may_write=may_write)
    prots = {b: protection(layout.words, layout.vma, b) for b in set(bits)}
    pfn_pte = layout.words.pfn_pte
    entries = [pfn_pte(page, prots[b]) for page, b in enumerate(bits, pfn + first)]
    for i, pte in changed.items():
        entries[i] = pte
    layout.next_pfn = pfn + size
    layout.folios.append(_anon_folio(layout, choices, pfn, order, first, entries) if anon else Folio(pfn, order, False))
    layout.extend(entries)


def _orders(layout: Layout, *, anon: bool) -> tuple[int, ...]:
    """Small ones, and those that hold one, two or four contpte blocks; anon folios have no order 1."""
    block = max(layout.cont_ptes.bit_length() - 1, 2)
    small = (2, 2, 2, 3) if anon else (2, 2, 1, 3)
    return (*small, *small, block, block, *(block + 1,) * 5, min(block + 2, 6), 9)


def _first_page(layout: Layout, choices: Choices, size: int) -> int:
    """Which page of the folio comes first. Chooses where the table starts, if nothing stands in it yet.

    Folios are mapped at addresses aligned like their pages, until a system call moves them elsewhere.
    """
    first = choices.pick((0, 0, 0, 0, 0, 0, 1, size // 2, size - 1))
    if not layout.entries:
        moved_by = choices.pick((0, 0, 0, 0, 0, 1, size // 2))
        layout.start_at(first + moved_by + size * choices.below(3))
        return first
    return layout.at % size if choices.chance(75) else first


def _count(layout: Layout, choices: Choices, size: int) -> int:
    """How many of its pages are mapped: two, all, or a part that ends inside a contpte block."""
    block = layout.cont_ptes
    if size <= MOST_COMMON:
        return choices.pick((2, size, size, size, 3, size // 2, block + 2, 5))
    return choices.pick((18, size if size < 512 or choices.chance(50) else 40, 3 * block, 2 * block + 3, 5, 100))


def _change(layout: Layout, choices: Choices, bits: list[Bits], *, may_write: bool) -> dict[int, int]:
    """Change `bits` of one entry, of a contpte block or of all from one on; returns entries that are gone instead."""
    kinds = _changes(layout, may_write=may_write)
    borders = range(layout.cont_ptes - layout.at % layout.cont_ptes, len(bits), layout.cont_ptes)
    if choices.chance(BY_BLOCK) and borders:  # alike inside each block, as folding wants them
        what = choices.pick([kind for kind in kinds if kind not in ("hole", "non-present")])
        border = choices.pick(borders)
        bits[border:] = [each.flipped(what) for each in bits[border:]]
        return {}
    gone: dict[int, int] = {}
    for _ in range(choices.pick(CHANGES)):
        what = choices.pick(kinds)
        anywhere, half = choices.wide(len(bits)), len(bits) // 2
        at = choices.pick((anywhere, half))
        span = choices.pick((1, 1, len(bits), layout.cont_ptes))
        if what == "non-present":
            gone[at] = layout.absent(choices, 1)[0]
            continue
        aligned = at - (layout.at + at) % layout.cont_ptes
        if span > 1 and aligned > 0 and choices.chance(80):
            at = aligned
        for i in range(at, min(at + span, len(bits))):
            if what == "hole":
                gone[i] = 0
            else:
                bits[i] = bits[i].flipped(what)
    return gone


def _changes(layout: Layout, *, may_write: bool) -> list[str]:
    """What can differ from page to page in this VMA under this config; what comes more often more than once."""
    return [
        *(["write"] * 12 if may_write else []),
        *("dirty", "young") * 4,
        *("hole",) * 3,
        *("prot_none", "non-present") * 2,
        *(["soft_dirty"] * 2 if layout.words.SOFT_DIRTY else []),
        *(["uffd_wp"] * 5 if layout.words.keeps_uffd(layout.vma) and layout.words.UFFD_WP else []),
    ]


def _anon_folio(layout: Layout, choices: Choices, pfn: int, order: int, first: int, entries: list[int]) -> Folio:
    """Writable pages are AnonExclusive; the others are too, or may be shared after a fork."""
    words = layout.words
    pages = {first + i for i in range(len(entries))}
    written = {first + i for i, pte in enumerate(entries) if words.pte_present(pte) and words.pte_write(pte)}
    if choices.chance(35):
        return Folio(pfn, order, exclusive=page_ranges(pages))
    shared = page_ranges(pages - written) if choices.chance(50) else ()
    return Folio(pfn, order, exclusive=page_ranges(written), shared=shared)
