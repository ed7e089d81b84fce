# SPDX-License-Identifier: GPL-2.0-only
"""How consecutive pages lie in folios: every composition of N pages into runs, each run in a folio of its own."""

from dataclasses import dataclass
from itertools import pairwise

from pte_review.models.scenario import Folio

FIRST_PFN = 0x100
PLACES = 32  # first page frames tried


@dataclass(frozen=True, slots=True)
class FolioLayout:
    """Page frames of the pages by slot, and the folios they belong to. `name` is the runs' sizes: 1+3."""

    name: str
    pfns: tuple[int, ...]
    folios: tuple[Folio, ...]


def compositions(n: int) -> tuple[tuple[int, ...], ...]:
    """The 2 ** (n - 1) ways to write n as a sum of positive parts, the single part first."""
    if n == 0:
        return ((),)
    return tuple((first, *rest) for first in range(n, 0, -1) for rest in compositions(n - first))


def layouts(nr: int, before: int, behind: int, start: int, block: int, *, anon: bool) -> tuple[FolioLayout, ...]:
    """A layout for each composition of `nr` pages; the outer runs go on over the pages beside the range.

    The first page stands at entry `start`. A run lies in the smallest folio that holds it, the first at its folio's
    end, the others at the start. Page frames follow each other also from folio to folio where the folios' alignment
    allows it, and after that a page frame is a multiple of `block` where its entry is.
    """
    result = []
    for parts in compositions(nr):
        sizes = list(parts)
        sizes[0] += before
        sizes[-1] += behind
        tried = [_placed(sizes, first, anon=anon) for first in range(FIRST_PFN, FIRST_PFN + PLACES)]
        at = start - before
        placed = [layout for layout in tried if layout is not None]
        pfns, folios = min(placed, key=lambda layout: (_gaps(layout[0]), (layout[0][0] - at) % block))
        result.append(FolioLayout("+".join(map(str, parts)), pfns, folios))
    return tuple(result)


def _gaps(pfns: tuple[int, ...]) -> int:
    return sum(b != a + 1 for a, b in pairwise(pfns))


def _order(pages: int, *, anon: bool) -> int:
    """Of the smallest folio for `pages` pages; anon memory has none of order 1."""
    order = (pages - 1).bit_length()
    return 2 if anon and order == 1 else order


def _placed(sizes: list[int], first: int, *, anon: bool) -> tuple[tuple[int, ...], tuple[Folio, ...]] | None:
    """Page frames and folios with the first page at `first`; None if that is no place for the first run."""
    order = _order(sizes[0], anon=anon)
    offset = first % (1 << order)
    fits = offset + sizes[0] <= 1 << order if len(sizes) == 1 else offset + sizes[0] == 1 << order
    if not fits:
        return None
    starts, orders = [first], [order]
    free = first - offset + (1 << order)
    for size in sizes[1:]:
        order = _order(size, anon=anon)
        free += -free % (1 << order)
        starts.append(free)
        orders.append(order)
        free += 1 << order
    pfns = tuple(start + i for start, size in zip(starts, sizes, strict=True) for i in range(size))
    return pfns, tuple(_folio(pfn, order, anon=anon) for pfn, order in zip(starts, orders, strict=True))


def _folio(pfn: int, order: int, *, anon: bool) -> Folio:
    """The folio of 1 << order pages around `pfn`; anon pages are exclusive, so that any may be writable."""
    return Folio(pfn & -(1 << order), order, anon, ((0, 1 << order),) if anon else ())
