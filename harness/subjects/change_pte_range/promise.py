# SPDX-License-Identifier: GPL-2.0-only
"""What change_pte_range() owes the entries of its range: the new protection, and no more.

A version may make an entry writable where the write fault would do nothing else; it need not. The caller flushes, so
the range has to be in the caller's mmu_gather. absent.py says what becomes of entries that are not present.
"""

from collections.abc import Iterator
from typing import Self

from pte_review.harness.judging.promise import Promise, update_of
from pte_review.harness.judging.slots import bit_kinds
from pte_review.harness.subjects.change_pte_range.absent import absent_kinds, changed_absent, changed_none
from pte_review.harness.subjects.change_pte_range.numa import HINTED, MAY_BE, SKIPPED, numa_hint
from pte_review.models.change_pte_range.call import (
    MM_CP_PROT_NUMA,
    MM_CP_TRY_CHANGE_WRITABLE,
    MM_CP_UFFD_RWP,
    MM_CP_UFFD_RWP_RESOLVE,
    MM_CP_UFFD_WP,
    MM_CP_UFFD_WP_RESOLVE,
    ProtectCall,
)
from pte_review.models.gathering import as_read
from pte_review.models.machine.kernel import EAGAIN
from pte_review.models.outcome import AT_RETURN, Outcome
from pte_review.models.scenario import Scenario

PROTECTS, RESOLVES = MM_CP_UFFD_WP | MM_CP_UFFD_RWP, MM_CP_UFFD_WP_RESOLVE | MM_CP_UFFD_RWP_RESOLVE


class ProtectPromise(Promise):
    """Entries stay where they are, under the new protection. `flags` are cp_flags."""

    flushed = AT_RETURN  # the caller has finished its mmu_gather
    # arm64: set_ptes() of a whole block sets CONT before the flush of the gather, so that a CPU can meet both. Every
    # released text since v6.17 does so, see docs/mprotect.md; set_ptes() takes it that nothing is cached.
    conflicts_forbidden = False
    # arm64, v6.17 to v7.2: set_ptes() of a whole block under PROT_NONE sets CONT as well. Nothing reads it there.
    cont_on_invalid_forbidden = False

    def __init__(self, scenario: Scenario) -> None:
        call = scenario.call
        assert isinstance(call, ProtectCall)
        words = scenario.words
        self.vma = call.seen(scenario.vma)
        self.flags = call.flags(scenario)
        self.newprot = call.newprot(scenario)
        self.gives_write = words.pte_write(words.pte_modify(words.pfn_pte(1, words.PROT_USER), self.newprot))
        self.counts = [0] * scenario.nr  # what each slot adds to the return value
        self.free: dict[int, int] = {}  # what stands in slots that a version may leave alone, or not
        super().__init__(scenario)

    def wanted(self, pte: int, slot: int) -> int:
        """What most versions make of an entry: writable where it may be."""
        words = self.words
        if not self.scenario.tables[0].maps:
            return pte  # -EAGAIN: nothing is changed
        if words.pte_present(pte):
            hint = self._hint(pte)
            if hint == SKIPPED:
                return pte
            if hint == MAY_BE:
                self.free[slot] = pte
            else:
                self.counts[slot] = 1
            want = self._changed(pte)
            return as_read(words, words.pte_mkwrite(want, self.vma) if self.may_upgrade(want) else want)
        protects, resolves = bool(self.flags & PROTECTS), bool(self.flags & RESOLVES)
        if words.pte_none(pte):
            want = changed_none(words, self.vma, pte) if self.flags & MM_CP_UFFD_WP else pte
        else:
            want = changed_absent(self.scenario, pte, protects=protects, resolves=resolves)
        self.counts[slot] = int(want != pte)
        return want

    def _hint(self, pte: int) -> str:
        words = self.words
        if self.flags & MM_CP_PROT_NUMA:
            return numa_hint(self.scenario, self.vma, pte)
        if self.flags & MM_CP_UFFD_RWP and words.pte_protnone(pte) and words.pte_uffd(pte):
            return SKIPPED  # protected already
        return HINTED

    def _changed(self, pte: int) -> int:
        """A present entry under the new protection, not upgraded."""
        words = self.words
        pte = words.pte_modify(pte, self.newprot)
        if self.flags & PROTECTS:
            pte = words.pte_mkuffd_wp(pte)
        elif self.flags & RESOLVES:
            pte = words.pte_clear_uffd_wp(pte)
        if words.userfaultfd_rwp(self.vma) and words.pte_uffd(pte):
            pte = words.pte_modify(pte, words.PAGE_NONE)
        return pte

    def may_upgrade(self, pte: int) -> bool:
        """Whether write permission may be given by hand to `pte`, which has it already or not.

        can_change_pte_writable(): a shared entry is dirty, a private one maps an anon page that is AnonExclusive.
        """
        words, vma = self.words, self.vma
        if not self.flags & MM_CP_TRY_CHANGE_WRITABLE or not words.pte_valid(pte):
            return False
        if words.SOFT_DIRTY and not vma.softdirty and not words.pte_soft_dirty(pte):
            return False
        if words.userfaultfd_wp(vma) and words.pte_uffd_wp(pte):
            return False
        if vma.shared:
            return words.pte_dirty(pte)
        pfn = words.pte_pfn(pte)
        folio = self.scenario.folio_of(pfn)
        return folio is not None and folio.anon and folio.is_exclusive(pfn) and not words.pte_special(pte)

    # -- what a version may do otherwise

    def _slot_kinds(self, slot: int, pte: int, want: int) -> Iterator[str]:
        words = self.words
        if not (words.pte_present(pte) and words.pte_present(want)):
            yield from absent_kinds(words, pte, want) or super()._slot_kinds(slot, pte, want)
            return
        if words.pte_pfn(pte) != words.pte_pfn(want):
            yield from super()._slot_kinds(slot, pte, want)
            return
        kinds = list(bit_kinds(self, pte, self._nearest(slot, pte, want)))
        if self.vma.shadow_stack and "write-gained" in kinds:  # Write=0 and Dirty=1 are what makes it writable there
            kinds = [kind for kind in kinds if kind != "dirty-gained"]
        yield from kinds

    def _nearest(self, slot: int, pte: int, want: int) -> int:
        """Of what a right version may leave in a slot, what is most like `pte`."""
        words = self.words
        if slot in self.free and words.pte_valid(pte):
            return self.free[slot]
        if words.pte_soft_dirty(pte) and not words.pte_soft_dirty(want) and self.folio_had(want)[1]:
            want = words.pte_mksoft_dirty(want)  # pte_mkdirty() of a batch sets it
        if words.pte_write(pte) and not words.pte_write(want):
            # A writer that cleans pages may have come before the call as well as after it.
            if self._given(slot) or self.may_upgrade(pte):
                want = words.pte_mkwrite(want, self.vma)
        elif words.pte_write(want) and not words.pte_write(pte) and not self._given(slot):
            want = words.pte_wrprotect(want)
            if self.vma.shadow_stack and not self._was_dirty(slot):
                want = words.pte_mkclean(want)  # pte_mkwrite() of a shadow stack had set it
        return want

    def _given(self, slot: int) -> bool:
        """Whether newprot itself gives write permission to the entry of a slot: a protected one does not get it."""
        return self.gives_write and self.words.pte_write(self._changed(self.source[slot]))

    def _was_dirty(self, slot: int) -> bool:
        """Whether the entry of a slot was dirty before the call or became so by hardware."""
        words, source = self.words, self.source[slot]
        same = [pte for pte in self.set_by_mmu if words.pte_pfn(pte) == words.pte_pfn(source)]
        return any(map(words.pte_dirty, [source, *same]))

    def may_be(self, slot: int) -> Iterator[tuple[int, int]]:
        words, want = self.words, self.want[slot]
        counts = 1 if slot in self.free else self.counts[slot]  # of one that is changed
        yield want, counts
        if not words.pte_present(want):
            return
        if slot in self.free:
            yield self.free[slot], 0
        others = [want]
        if not self.vma.shadow_stack:
            other = words.pte_wrprotect(want) if words.pte_write(want) else words.pte_mkwrite(want, self.vma)
            others.append(as_read(words, other))
            yield others[1], counts
        if words.SOFT_DIRTY and not words.pte_soft_dirty(want):
            yield from ((words.pte_mksoft_dirty(pte), counts) for pte in others)

    def differ_freely(self, base: int, candidate: int) -> Iterator[str]:
        words = self.words
        if not (words.pte_present(base) and words.pte_present(candidate)):
            return
        if words.pte_valid(base) != words.pte_valid(candidate):
            yield "numa-hint"
        elif words.pte_write(base) != words.pte_write(candidate):
            yield "write-upgraded" if words.pte_write(candidate) else "write-not-upgraded"
        if words.pte_soft_dirty(base) != words.pte_soft_dirty(candidate):
            yield "soft-dirty-gained"

    def may_write(self, slot: int) -> bool:
        want = self.want[slot]
        gathered = self.words.pte_mkdirty(want) if self.folio_had(want)[1] else want
        return super().may_write(slot) or self._given(slot) or self.words.pte_write(want) or self.may_upgrade(gathered)

    # -- the run

    def returns(self) -> int:
        """The number of entries changed; what is free counts where it was changed."""
        return sum(self.counts) if self.scenario.tables[0].maps else -EAGAIN

    def wrong_return(self, outcome: Outcome) -> str:
        if self.returned < 0 or not self.free:
            return super().wrong_return(outcome)
        where, words = self.wanted_range, self.words
        after = outcome.tables[where.table][where.first : where.end]
        first = self.scenario.places.slot_at(where.name, 0)
        met = {int(e[2]) - first for e in outcome.events if e[0] == "fault" and words.pte_protnone(int(e[-1]))}
        expected = self.returned + sum(slot in met or not words.pte_valid(after[slot]) for slot in self.free)
        return "" if outcome.returned == expected else f"{outcome.returned} instead of {expected}"

    def is_done(self, outcome: Outcome) -> bool:
        return self.returned >= 0 and outcome.returned is not None

    def with_actions(self, outcome: Outcome) -> Self:
        promise = super().with_actions(outcome)
        if promise is self or not self.free:
            return promise
        promise.free = dict(self.free)
        first = self.scenario.places.slot_at(self.source_range.name, 0)
        for event in outcome.events:
            name, ptep, pte = update_of(event) or ("", -1, 0)
            slot = ptep - first
            if slot not in promise.free:
                continue
            if name == "fault" and self.words.pte_protnone(int(event[-1])) and self.words.pte_valid(pte):
                del promise.free[slot]  # it was a hint, and is none any more
            else:
                promise.free[slot] = super()._updated(promise.free[slot], name, pte)
        return promise

    def _updated(self, want: int, name: str, pte: int) -> int:
        """An entry that becomes read-only keeps that it is dirty; the MMU does not set soft-dirty."""
        updated = super()._updated(want, name, pte)
        words = self.words
        if name == "hw" and words.pte_present(want) and words.pte_dirty(pte) and not words.pte_dirty(updated):
            soft_dirty = words.pte_soft_dirty(updated)
            updated = words.pte_mkdirty(updated)
            updated = updated if soft_dirty else words.pte_clear_soft_dirty(updated)
        return updated
