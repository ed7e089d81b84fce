# SPDX-License-Identifier: GPL-2.0-only
"""What mremap() promises for a scenario: the reference relation, worked out before any version ran.

E(x) is what ptep_get(x) returns, without CONT: accessed and dirty gathered over a contpte block. Entry i of the
old range is compared with entry i of the new range afterwards, bit by bit except for accessed and dirty.
"""

import copy
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from pte_review.harness.judging.places import place
from pte_review.models.arch.arm64 import AF, RDONLY, WRITE
from pte_review.models.arch.arm64 import DIRTY as ARM64_DIRTY
from pte_review.models.arch.word import PteWords
from pte_review.models.arch.x86_64 import ACCESSED, DIRTY_BITS
from pte_review.models.entry import Identity, identity
from pte_review.models.machine.kernel import EAGAIN
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Entries, Scenario


def gathered(words: PteWords, table: Sequence[int], index: int) -> int:
    """E() of the entry at `index`."""
    return gathered_range(words, table, index, 1)[0]


def gathered_range(words: PteWords, table: Sequence[int], first: int, nr: int) -> list[int]:
    """E() of `nr` entries from `first` on: without CONT, accessed and dirty of their contpte blocks merged in.

    An arm64 entry that is dirty in hardware comes without the software bit, which says no more.
    """
    if not words.CONT:
        return list(table[first : first + nr])
    block = words.config.cont_ptes
    live = words.CONT | words.VALID if words.config.contpte else 0
    known: dict[int, tuple[bool, bool]] = {}
    result = []
    for index in range(first, first + nr):
        pte = table[index]
        if live and pte & live == live and not (words.pte_young(pte) and words.pte_dirty(pte)):
            at = index & -block
            if at not in known:
                others = table[at : at + block]
                known[at] = any(map(words.pte_young, others)), any(map(words.pte_dirty, others))
            young, dirty = known[at]
            pte = words.pte_mkyoung(pte) if young else pte
            pte = words.pte_mkdirty(pte) if dirty else pte
        if pte & words.CONT and words.pte_present(pte):  # a swap entry's payload has the bit too
            pte &= ~words.CONT
        result.append(pte & ~ARM64_DIRTY if pte & (WRITE | RDONLY | 1) == WRITE | 1 else pte)
    return result


def without_ad(words: PteWords, pte: int) -> int:
    """A present entry without its accessed and dirty fields (arm64: RDONLY says dirty only where there is WRITE)."""
    if words.arch == "x86_64":
        return pte & ~(ACCESSED | DIRTY_BITS)
    return pte & ~(AF | ARM64_DIRTY | (RDONLY if pte & WRITE else 0))


def _filled(entries: Entries, size: int) -> tuple[int, ...]:
    table = [0] * size
    for index, pte in entries:
        table[index] = pte
    return tuple(table)


class Expected:
    """The promise for one scenario. Tables are whole; `want[i]` is new entry i afterwards without CONT."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.words = words = scenario.words
        p = scenario.config.ptrs_per_pte
        self.old_before = _filled(scenario.old_table, p)
        self.new_before = self.old_before if scenario.one_table else _filled(scenario.new_table, p)
        self.nr, self.old_index, self.new_index = scenario.nr, scenario.old_index, scenario.new_index
        self.returned = 0 if scenario.old_maps and scenario.new_maps else -EAGAIN
        self.need_clear_uffd_wp = scenario.vma.uffd and not scenario.vma.uffd_event_remap
        self.source = gathered_range(words, self.old_before, self.old_index, self.nr)
        self.want = list(map(self._wanted, self.source, range(self.nr)))
        # What scheduled events change of the promise (with_events()):
        self.around: dict[tuple[str, int], int] = {}  # entries outside the ranges, by table and index
        self.set_by_mmu: list[int] = []  # entries whose accessed or dirty was set during the call
        self.untouched = self.old_before, self.new_before  # raw, of a call that changes nothing

    def _wanted(self, pte: int, i: int) -> int:
        words = self.words
        if words.pte_none(pte):
            slot = self.new_index + i
            if self.scenario.one_table and self.old_index <= slot < self.old_index + self.nr:
                return 0  # overlapping ranges: what stood there moved away
            return gathered(words, self.new_before, slot)
        if words.pte_present(pte):
            pte = words.pte_mksoft_dirty(pte)
            return words.pte_clear_uffd_wp(pte) if self.need_clear_uffd_wp else pte
        if self.need_clear_uffd_wp:
            if words.pte_marker_uffd_wp(pte):
                return 0
            pte = words.pte_swp_clear_uffd_wp(pte)
        return words.pte_swp_mksoft_dirty(pte)

    def with_events(self, outcome: Outcome) -> "Expected":
        """The promise after what others did in this run: what the MMU set must not be lost, what was cleaned is clean.

        An update of an entry concerns its page, wherever that stands by then.
        """
        changed = [(str(e[0]), int(e[-2]), int(e[-1])) for e in outcome.events if e[0] in ("hw", "mkclean")]
        if not changed:
            return self
        x = copy.copy(self)
        x.__dict__.pop("_folio_ad", None)
        x.want, x.around, x.set_by_mmu = list(self.want), {}, [pte for name, _, pte in changed if name == "hw"]
        tables = {"old": list(self.old_before), "new": list(self.new_before)}
        slots = {self.words.pte_pfn(pte): i for i, pte in enumerate(self.want) if self.words.pte_present(pte)}
        for name, ptep, pte in changed:
            table, index = place(self.scenario, ptep)
            tables["old" if self.scenario.one_table else table][index] = pte
            first = self.new_index if table == "new" else self.old_index
            if not first <= index < first + self.nr:
                before = self.new_before if table == "new" else self.old_before
                want = x.around.get((table, index), gathered(self.words, before, index))
                x.around[table, index] = self._updated(want, name, pte)
            elif (i := self._holder(index - first, pte, slots)) is not None:
                x.want[i] = self._updated(x.want[i], name, pte)
            elif table == "new":  # what an occupied destination held
                x.new_before = (*x.new_before[:index], pte, *x.new_before[index + 1 :])
        x.untouched = tuple(tables["old"]), tuple(tables["old" if self.scenario.one_table else "new"])
        return x

    def _holder(self, i: int, pte: int, slots: dict[int, int]) -> int | None:
        """The slot whose page the MMU saw in slot `i`: that one, unless it holds another page."""
        pfn = self.words.pte_pfn(pte)
        if self.words.pte_present(self.want[i]) and self.words.pte_pfn(self.want[i]) == pfn:
            return i  # the zero page stands in more than one
        return slots.get(pfn)

    def _updated(self, want: int, name: str, pte: int) -> int:
        """`want` with the accessed and dirty of `pte`; or clean and read-only."""
        words = self.words
        if name == "mkclean":
            return words.pte_mkclean(words.pte_wrprotect(want))
        want = words.pte_mkyoung(want) if words.pte_young(pte) else want
        return words.mmu_mkdirty(want) if words.mmu_dirty(pte) and words.mmu_may_write(want) else want

    @cached_property
    def repeated(self) -> set[Identity]:
        """What stands in the old range more than once: markers and the zero page may."""
        counts = Counter(identity(self.words, pte) for pte in self.source)
        return {what for what, count in counts.items() if count > 1}

    @cached_property
    def identities(self) -> set[Identity]:
        """What the old range holds before the move."""
        return {identity(self.words, pte) for pte in self.source} - {()}

    @cached_property
    def _folio_ad(self) -> dict[int, tuple[bool, bool]]:
        """PFN of each large folio: whether any entry that maps it is young, is dirty, before the move or set in it."""
        result: dict[int, tuple[bool, bool]] = {}
        tables = [self.old_before] if self.scenario.one_table else [self.old_before, self.new_before]
        for table in [*tables, self.set_by_mmu]:
            for pte in filter(self.words.pte_present, table):
                folio = self.scenario.folio_of(self.words.pte_pfn(pte))
                if folio and folio.order:
                    young, dirty = result.get(folio.pfn, (False, False))
                    result[folio.pfn] = (young or self.words.pte_young(pte), dirty or self.words.pte_dirty(pte))
        return result

    def folio_had(self, pte: int) -> tuple[bool, bool]:
        """(young, dirty): what may be gained by `pte` because an entry of the same large folio had it."""
        folio = self.scenario.folio_of(self.words.pte_pfn(pte))
        return self._folio_ad.get(folio.pfn, (False, False)) if folio else (False, False)
