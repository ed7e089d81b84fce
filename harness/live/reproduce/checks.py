# SPDX-License-Identifier: GPL-2.0-only
"""What a program checks after the call, for each check of visible.py."""

from collections.abc import Iterator

from pte_review.harness.live.reproduce.area import (
    GUARD,
    NONE,
    PAGE,
    POISON,
    SWAP,
    WP_MARKER,
    Area,
    AreaPage,
    NotBuilt,
    runs,
)
from pte_review.harness.live.reproduce.visible import (
    DATA,
    NO_FAULT,
    RECLAIM,
    SOFT_DIRTY,
    SOURCE,
    WITNESS,
    WP_CLEAR,
    WP_SET,
)
from pte_review.models.arch.word import PteWords
from pte_review.models.vma import Vma


def check_terms(area: Area, check: str, want: list[int], names: tuple[str, str], vma: Vma) -> tuple[str, ...]:
    """Terms whose sum is how often the state afterwards is wrong. Raises NotBuilt where nothing there can show it.

    `want` are the entries that the slots should hold after the call, `names` those of the first and the last range, and
    `vma` is what the call leaves.
    """
    slots = Slots(area, want, names[1], vma)
    makers = {
        DATA: slots.contents,
        SOURCE: lambda: (*slots.contents(), *slots.nothing_at(names[0])),
        WITNESS: slots.writes,
        NO_FAULT: slots.no_faults,
        WP_CLEAR: slots.without_uffd_wp,
        WP_SET: slots.with_uffd_wp,
        SOFT_DIRTY: slots.soft_dirty,
        RECLAIM: slots.reclaimed,
    }
    return tuple(makers[check]())


class Slots:
    """The slots of the range that the entries are in after the call."""

    def __init__(self, area: Area, want: list[int], name: str, vma: Vma) -> None:
        self.area, self.name, self.vma = area, name, vma
        self.words: PteWords = area.scenario.words
        by_number = {page.number: page for page in area.pages}
        self.pages = [by_number[number] for number in area.moved]
        self.want = dict(zip(self.pages, want, strict=True))

    def of(self, *kinds: str) -> list[AreaPage]:
        return [page for page in self.pages if page.kind in kinds]

    def stays(self, page: AreaPage) -> bool:
        return not self.words.pte_none(self.want[page])

    def keeps_uffd_wp(self, page: AreaPage) -> bool:
        pte = self.want[page]
        if self.words.pte_present(pte):
            return self.words.pte_uffd_wp(pte)
        return self.words.pte_swp_uffd_wp(pte) or self.words.pte_marker_uffd_wp(pte)

    def bits(self, pages: list[AreaPage], set_bits: str, clear: str) -> Iterator[str]:
        for first, nr in runs(pages):
            yield f'other_bits("{self.name}", after({first}), {nr}, {set_bits}, {clear})'

    def contents(self) -> Iterator[str]:
        """Markers and holes by pagemap, then data, which reading may change."""
        markers = [page for page in self.of(WP_MARKER) if self.stays(page)]
        dropped = [page for page in self.pages if page.kind != NONE and not self.stays(page)]
        yield from self.bits([*self.of(NONE), *dropped], "0", "PM_ANYTHING")
        yield from self.bits(markers, "PM_UFFD_WP", "PM_PRESENT")
        yield from self.bits(self.of(GUARD, POISON), "PM_SWAP", "PM_PRESENT")
        for first, nr in runs(self.of(PAGE, SWAP)):
            yield f"other_data(after({first}), {first}, {nr})"

    def nothing_at(self, name: str) -> Iterator[str]:
        yield f'other_bits("{name}", page(FIRST), MOVED, 0, PM_ANYTHING)'

    def writes(self) -> Iterator[str]:
        """A page that is read-only because of fork() is the child's too; any other has to fault.

        Where the call asks for AnonExclusive, it may make those others writable.
        """
        forked = {page.number for page in self.area.forked}
        read_only = [page for page in self.of(PAGE) if not page.write]
        if self.area.asks_exclusive:
            read_only = [page for page in read_only if page.number in forked]
        self._refuse_protected(read_only)
        for first, nr in runs([page for page in read_only if page.number in forked]):
            yield f"writes_seen_by_witness({first}, {nr})"
        for first, nr in runs([page for page in read_only if page.number not in forked]):
            yield f"other_faults_of_write({first}, {nr}, 1)"

    def no_faults(self) -> Iterator[str]:
        writable = [page for page in self.of(PAGE) if page.write]
        self._refuse_protected(writable)
        for first, nr in runs(writable):
            yield f"other_faults_of_write({first}, {nr}, 0)"

    def _refuse_protected(self, pages: list[AreaPage]) -> None:
        if not self.vma.write or not self.area.readable_under(self.vma):
            raise NotBuilt("the VMA allows no writes, so that write permission of its entries does not show")
        if not pages:
            raise NotBuilt("no page of the range could show it by a write")

    def without_uffd_wp(self) -> Iterator[str]:
        had = [page for page in self.pages if page.uffd_wp or page.kind == WP_MARKER]
        yield from self.bits([page for page in had if not self.keeps_uffd_wp(page)], "0", "PM_UFFD_WP")

    def with_uffd_wp(self) -> Iterator[str]:
        yield from self.bits([page for page in self.pages if self.keeps_uffd_wp(page)], "PM_UFFD_WP", "0")

    def soft_dirty(self) -> Iterator[str]:
        if not self.area.soft_dirty_built:
            raise NotBuilt("a VMA with VM_SOFTDIRTY shows all of its pages as soft-dirty")
        yield from self.bits([page for page in self.pages if page.kind in (PAGE, SWAP)], "PM_SOFT_DIRTY", "0")

    def reclaimed(self) -> Iterator[str]:
        if not self.area.vma.shared:
            raise NotBuilt("reclaim writes an anonymous page to swap whether its entry is dirty or not")
        for first, nr in runs(self.of(PAGE)):
            yield f"data_lost_by_reclaim({first}, {nr})"
