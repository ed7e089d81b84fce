# SPDX-License-Identifier: GPL-2.0-only
"""The folios behind recorded entries, as /proc/kpageflags had them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from pte_review.models.arch.word import PteWords
from pte_review.models.scenario import Folio
from pte_review.models.tables import Entries

RECORDED = "folios as /proc/kpageflags had them before the call"


def recorded(
    folios: Iterable[tuple[int, int, bool]],
    exclusive: tuple[tuple[int, int], ...],
    frames: Iterable[int],
    *,
    anon: bool,
) -> dict[int, Folio]:
    """The folio behind each PFN of `frames`; one that was not recorded is a folio of its own.

    `folios` are PFN, order and whether anonymous, `exclusive` ranges of PFNs of AnonExclusive pages. Both ascend.
    """
    made = [Folio(pfn, order, is_anon, _within(exclusive, pfn, pfn + (1 << order))) for pfn, order, is_anon in folios]
    starts = [folio.pfn for folio in made]
    of_frames = {}
    for pfn in frames:
        i = bisect_right(starts, pfn) - 1
        of_frames[pfn] = made[i] if i >= 0 and pfn < made[i].end else Folio(pfn, anon=anon)
    return of_frames


def _within(ranges: tuple[tuple[int, int], ...], first: int, end: int) -> tuple[tuple[int, int], ...]:
    """The parts of `ranges` from `first` to `end`, counted from `first`."""
    at = bisect_right(ranges, (first, first))
    result = []
    for low, high in ranges[max(0, at - 1) :]:
        if low >= end:
            break
        if high > first:
            result.append((max(low, first) - first, min(high, end) - first))
    return tuple(result)


def mapped(folios: Mapping[int, Folio], w: PteWords, table: Entries) -> tuple[Folio, ...]:
    """The folios that `table` maps, ascending. `folios` are by the PFNs of their pages."""
    behind = {folios[w.pte_pfn(pte)] for _, pte in table if w.pte_present(pte) and not w.pte_special(pte)}
    return tuple(sorted(behind, key=lambda folio: folio.pfn))
