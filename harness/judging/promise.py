# SPDX-License-Identifier: GPL-2.0-only
"""What a function under review owes for one scenario, worked out before any version ran.

E(x) is what ptep_get(x) returns, without CONT (models/gathering.py). Slots are compared in this form, bit by bit except
for accessed and dirty. The class promises to leave every entry where it is; a function that does more derives from it.
"""

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar, Self

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.slots import bit_kinds, value_of
from pte_review.harness.judging.translations import outlived
from pte_review.models.entry import Identity, identity
from pte_review.models.faults import stored_to
from pte_review.models.gathering import as_read, gathered, gathered_range
from pte_review.models.machine.state import FULL, Event
from pte_review.models.outcome import AT_RETURN, AT_UNLOCK, Outcome
from pte_review.models.scenario import Scenario


def update_of(event: Event) -> tuple[str, int, int] | None:
    """By whom among others an entry was changed: the event's name, the ptep, and what stands there then."""
    match event:
        case ("hw" as name, int(ptep), int(pte)):
            return name, ptep, pte
        case ("mkclean" | "fault" as name, int(_), int(ptep), int(pte), *_):
            return str(name), ptep, pte
    return None


class Promise:
    """The promise for one scenario. `before` are whole tables, raw, by number.

    `source[i]` is E() of slot i of `source_range` before the call, `want[i]` E() of slot i of `wanted_range` after it:
    what came there from slot i of the former. Both are one range where the function works in place.
    """

    flushed = AT_UNLOCK  # of FLUSH_TIMES in models/outcome.py
    # Whether a CPU may meet a contiguous translation beside a single one of the same page (arm64).
    conflicts_forbidden: ClassVar[bool] = True
    # Whether CONT may not be set in an entry that is present and not valid (arm64).
    cont_on_invalid_forbidden: ClassVar[bool] = True
    # Texts of Outcome.facts that are breaches, each with its kind.
    forbidden_facts: ClassVar[dict[str, str]] = {FULL: "primitive-contract"}

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.words = words = scenario.words
        self.source_range, self.wanted_range = scenario.ranges[0], scenario.ranges[-1]
        self.nr = self.source_range.nr
        self.before = scenario.whole_tables
        where = self.source_range
        self.source = gathered_range(words, self.before[where.table], where.first, where.nr)
        self.want = list(map(self.wanted, self.source, range(self.nr)))
        self.returned = self.returns()
        # What actions of others change of the promise (with_actions()):
        self.around: dict[tuple[int, int], int] = {}  # entries outside the ranges, by table number and entry index
        self.set_by_mmu: list[int] = []  # entries whose accessed or dirty was set during the call
        self.untouched = self.before  # raw, of a call that changes nothing
        self.made_writable: frozenset[int] = frozenset()  # slots, by page faults; a writer may have cleaned them later

    # -- what a function promises

    def wanted(self, pte: int, slot: int) -> int:
        """E() of the entry of `wanted_range` that comes of `pte`, E() of the same slot of `source_range`."""
        return pte

    def returns(self) -> int:
        """The return value."""
        return 0

    def wrong_return(self, outcome: Outcome) -> str:
        """What is wrong with the return value: `3 instead of 4`."""
        return "" if outcome.returned == self.returned else f"{outcome.returned} instead of {self.returned}"

    def outlived(self, outcome: Outcome) -> Sequence[int]:
        """The pteps whose translation was in a TLB when none may be."""
        if self.flushed == AT_RETURN:  # until then a translation may be left over that allows no more than its entry
            return outlived(self.words, self.scenario, outcome)
        return outcome.stale if self.flushed == AT_UNLOCK else ()

    def differ_freely(self, base: int, candidate: int) -> Iterator[str]:
        """Kinds in which two right versions may differ in an entry, both in E() form, beside accessed and dirty."""
        return iter(())

    def is_done(self, outcome: Outcome) -> bool:
        """Whether the call returned as one that did its work, so that its tables can be judged."""
        return outcome.returned == self.returned >= 0

    def slot_findings(self, outcome: Outcome) -> Iterator[Finding]:
        """What is wrong in the ranges. Fast where nothing is."""
        where = self.wanted_range
        table = outcome.tables[where.table]
        slots = gathered_range(self.words, table, where.first, where.nr)
        if slots == self.want:
            return
        for i, (pte, want) in enumerate(zip(slots, self.want, strict=True)):
            if pte != want:
                for kind in self._slot_kinds(i, pte, want):
                    yield Finding(kind, where.name, where.first + i, value_of(self.words, pte))

    def _slot_kinds(self, slot: int, pte: int, want: int) -> Iterator[str]:
        words = self.words
        if words.pte_none(pte) and words.pte_none(want):
            return
        if identity(words, pte) == identity(words, want):
            yield from bit_kinds(self, pte, want)
        elif words.pte_none(pte):
            yield "entry-lost"
        else:
            yield "foreign-entry" if identity(words, pte) in self.identities else "wrong-page"

    def may_be(self, slot: int) -> Iterator[tuple[int, int]]:
        """Values that may be right in a slot of `wanted_range`, in E() form, and what each adds to the return value.

        is_right() decides, for each accessed and dirty that such a value may have. The list need not be whole: exhaust
        in C takes what is not in it to the judge in Python.
        """
        yield self.want[slot], 0

    def is_right(self, slot: int, pte: int) -> bool:
        """Whether `pte`, in E() form, may stand in a slot of `wanted_range`."""
        want = self.want[slot]
        return pte == want or not any(self._slot_kinds(slot, pte, want))

    def may_write(self, slot: int) -> bool:
        """Whether anybody may find write permission in a slot while the call is under way."""
        return self.words.pte_write(self.source[slot])

    def address_left(self, pteps: tuple[int, int]) -> int | None:
        """Of two pteps at which translations reach one page, the one where none should do so any more."""
        return None

    # -- what follows from it

    @cached_property
    def beside(self) -> list[tuple[int, "slice[int, int, None]", tuple[int, ...]]]:
        """What lies outside the ranges before the call: table number, where, raw values."""
        result = []
        for number, before in enumerate(self.before):
            at = 0
            for hole in [*self.holes(number), range(len(before), len(before))]:
                if at < hole.start:
                    result.append((number, slice(at, hole.start), before[at : hole.start]))
                at = max(at, hole.stop)
        return result

    def holes(self, table: int) -> list[range]:
        """The ranges in a table, by where they begin."""
        holes = [where.entries for where in self.scenario.ranges if where.table == table]
        return sorted(holes, key=lambda hole: hole.start)

    def comes_from(self, table: int, entry: int) -> tuple[int, int] | None:
        """(table number, entry index) of what belongs into an entry of `wanted_range`; None elsewhere."""
        wanted, source = self.wanted_range, self.source_range
        if table != wanted.table or not wanted.first <= entry < wanted.end:
            return None
        return source.table, source.first + entry - wanted.first

    @cached_property
    def repeated(self) -> set[Identity]:
        """What stands in the source more than once: markers and the zero page may."""
        counts = Counter(identity(self.words, pte) for pte in self.source)
        return {what for what, count in counts.items() if count > 1}

    @cached_property
    def identities(self) -> set[Identity]:
        """What the source holds before the call."""
        return {identity(self.words, pte) for pte in self.source} - {()}

    @cached_property
    def _folio_ad(self) -> dict[int, tuple[bool, bool]]:
        """PFN of each large folio: whether any entry that maps it is young, is dirty, before the call or set in it."""
        result: dict[int, tuple[bool, bool]] = {}
        for table in [*self.before, self.set_by_mmu]:
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

    def with_folio_ad(self, *, young: bool, dirty: bool) -> Self:
        """The promise as it would be if entries of each large folio had this accessed and dirty before the call."""
        promise = copy.copy(self)
        promise.__dict__["_folio_ad"] = {folio.pfn: (young, dirty) for folio in self.scenario.folios if folio.order}
        return promise

    # -- where others act

    def with_actions(self, outcome: Outcome) -> Self:
        """The promise after what others did in this run: what the MMU set must not be lost, what was cleaned is clean.

        An update of an entry concerns its page, wherever that stands by then.
        """
        updates = [update for event in outcome.events if (update := update_of(event))]
        if not updates:
            return self
        promise = copy.copy(self)
        for cached in ("_folio_ad", "beside"):
            promise.__dict__.pop(cached, None)
        promise.want, promise.around = list(self.want), {}
        promise.set_by_mmu = [pte for name, _, pte in updates if name == "hw"]
        tables, before = [list(table) for table in self.before], [list(table) for table in self.before]
        slots = {self.words.pte_pfn(pte): i for i, pte in enumerate(self.want) if self.words.pte_present(pte)}
        for name, ptep, pte in updates:
            table, entry = self.scenario.places.entry(ptep)
            where = self.scenario.places.range_at(table, entry)
            tables[table][entry] = pte
            if entry not in where.entries:
                want = promise.around.get((table, entry), gathered(self.words, self.before[table], entry))
                promise.around[table, entry] = self._updated(want, name, pte)
            elif not self.words.pte_present(pte):
                continue  # what a fault leaves alone
            elif (slot := promise._holder(entry - where.first, pte, slots)) is not None:
                promise.want[slot] = self._updated(promise.want[slot], name, pte)
                if name == "fault" and self.words.pte_write(promise.want[slot]):
                    promise.made_writable |= {slot}
            elif where is self.wanted_range:  # what an occupied destination held
                before[table][entry] = pte
        promise.before = tuple(map(tuple, before))
        promise.untouched = tuple(map(tuple, tables))
        return promise

    def _holder(self, slot: int, pte: int, slots: dict[int, int]) -> int | None:
        """The slot whose page the MMU saw in `slot`: that one, unless it holds another page."""
        pfn = self.words.pte_pfn(pte)
        if self.words.pte_present(self.want[slot]) and self.words.pte_pfn(self.want[slot]) == pfn:
            return slot  # the zero page stands in more than one
        return slots.get(pfn)

    def _updated(self, want: int, name: str, pte: int) -> int:
        """`want` with the accessed and dirty of `pte`; clean and read-only; or as a store that faults leaves it."""
        words = self.words
        if name == "fault":
            return as_read(words, stored_to(self.scenario, want))
        if name == "mkclean":
            return words.pte_mkclean(words.pte_wrprotect(want))
        want = words.pte_mkyoung(want) if words.pte_young(pte) else want
        return words.mmu_mkdirty(want) if words.mmu_dirty(pte) and words.mmu_may_write(want) else want
