# SPDX-License-Identifier: GPL-2.0-only
"""What mremap() promises of the entries that move_ptes() moves: the reference relation.

Entry i of the old range is compared with entry i of the new range afterwards. No translation outlives a page-table lock
(eb66ae030829, CVE-2018-18281), and no page is reached at its old and at its new address.
"""

from collections.abc import Iterator

from pte_review.harness.judging.conservation import moved_findings
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.promise import Promise
from pte_review.models.gathering import gathered
from pte_review.models.machine.kernel import EAGAIN
from pte_review.models.outcome import Outcome


class MovePromise(Promise):
    """The old range is none afterwards; the new range holds what it held, soft-dirty, with uffd-wp where it stays."""

    def wanted(self, pte: int, slot: int) -> int:
        words, vma = self.words, self.scenario.vma
        if words.pte_none(pte):
            return self._destination(slot)
        clears_uffd_wp = vma.uffd and not vma.uffd_event_remap
        if words.pte_present(pte):
            pte = words.pte_mksoft_dirty(pte)
            if clears_uffd_wp and words.userfaultfd_rwp(vma) and words.pte_uffd_wp(pte):
                pte = words.pte_modify(pte, words.vm_page_prot(vma))  # accessible, where no userfaultfd guards it
            return words.pte_clear_uffd_wp(pte) if clears_uffd_wp else pte
        if clears_uffd_wp:
            if words.pte_marker_uffd_wp(pte):
                return 0
            pte = words.pte_swp_clear_uffd_wp(pte)
        return words.pte_swp_mksoft_dirty(pte)

    def _destination(self, slot: int) -> int:
        """What a slot of the new range holds where nothing moves to."""
        old, new = self.source_range, self.wanted_range
        entry = new.first + slot
        if old.table == new.table and entry in old.entries:
            return 0  # overlapping ranges: what stood there moved away
        return gathered(self.words, self.before[new.table], entry)

    def returns(self) -> int:
        """move_page_tables() tries again on -EAGAIN, and goes on after 0."""
        return 0 if all(table.maps for table in self.scenario.tables) else -EAGAIN

    def may_write(self, slot: int) -> bool:
        return super().may_write(slot) or self.words.pte_write(self.want[slot])

    def slot_findings(self, outcome: Outcome) -> Iterator[Finding]:
        return moved_findings(self, outcome)

    def address_left(self, pteps: tuple[int, int]) -> int | None:
        places, old, new = self.scenario.places, self.source_range, self.wanted_range
        for stale, arrived in (pteps, pteps[::-1]):
            slot = stale - places.ptep(old.table, old.first)
            if 0 <= slot < self.nr and arrived == places.ptep(new.table, new.first + slot):
                return stale
        return None
