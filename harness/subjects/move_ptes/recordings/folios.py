# SPDX-License-Identifier: GPL-2.0-only
"""The folios behind a range whose recording has none, inferred from where its pages lay before the move.

What is inferred, from nothing else: a folio of 2^k pages is mapped at once, from an address that is a multiple of its
size (see mm/memory.c:alloc_anon_folio()), and its PFNs start at a multiple of 2^k as well. So a block of 2^k pages,
aligned alike in address and PFN, whose pages lie where the folio's would, is taken for one folio, the largest first:

- `mthp`: the block lies inside the range (the whole mapping) and more than half of its pages are in place. The rest
  may be holes (MADV_DONTNEED leaves the folio as it is) or lie elsewhere (copied on write). Half is not enough: by
  chance every second folio has the alignment of the next order.
- `thp2m`: the range is a part of a 2 MiB folio, so one page in place stands for it.
- elsewhere order 0.

No block counts if a page of the range lies in its PFNs but not in place: the kernel had given that frame away.

Why: in the recordings all 22,184 pages of `thp2m` are in place. In `mthp` the alignment shared by address and PFN falls
off by half from order to order, as chance has it, except at the orders that the kernel used: 4 and 9 (6.18.44), 2, 3,
4, 7, 8, 9 (the others). Mappings of the other kinds show chance only.

What this cannot know: neighbours that lie in memory as one larger folio would are taken for one (order 5 and 6: nearly
always two or four of order 4). A folio that was split, as swapping out a part of it does, is taken for whole; a split
takes CONT away, so a kernel with the batch-hint check does not batch there. Whether pages are AnonExclusive or shared.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from pte_review.models.scenario import Folio

ORDERS = {"mthp": (9, 8, 7, 6, 5, 4, 3, 2), "thp2m": (9,)}  # of anonymous memory; there is no order 1
ANON = ("anon", "mthp", "thp2m")
INFERRED = "folios inferred from PFNs before the move, aligned like the addresses"


def infer(mapping: str, pages: range, frames: Mapping[int, int]) -> dict[int, Folio]:
    """The folio behind each PFN of `frames`; no two folios overlap.

    `pages` are the virtual page numbers of the old range, `frames` the PFNs of those that are present and not special.
    """
    taken = sorted(frames.values())
    rest = dict(frames)
    folios: dict[int, Folio] = {}
    for order in ORDERS.get(mapping, ()):
        size = 1 << order
        for start in sorted({page & -size for page in rest}):
            base, in_place = _base(start, size, rest)
            whole = start in pages and start + size - 1 in pages and in_place > size // 2
            elsewhere = bisect_left(taken, base + size) - bisect_left(taken, base) - in_place
            if in_place and not elsewhere and (whole or mapping == "thp2m"):
                folio = Folio(base, order)
                for page in range(start, start + size):
                    if rest.get(page) == base + page - start:
                        folios[rest.pop(page)] = folio
    anon = mapping in ANON
    return folios | {pfn: Folio(pfn, anon=anon) for pfn in rest.values()}


def _base(start: int, size: int, frames: Mapping[int, int]) -> tuple[int, int]:
    """First PFN of the folio that most pages of a block would be in place for, and how many are; (0, 0) if none."""
    bases = Counter(
        frames[page] - (page - start)
        for page in range(start, start + size)
        if page in frames and (frames[page] - page) % size == 0
    )
    return bases.most_common(1)[0] if bases else (0, 0)
