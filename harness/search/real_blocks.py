# SPDX-License-Identifier: GPL-2.0-only
"""A scenario with small contpte blocks, with the blocks of a kernel instead: 16 entries with 4K pages.

Small blocks find and show the same with fewer entries, but no kernel has them.
"""

from dataclasses import replace

from pte_review.models.actions import Action
from pte_review.models.codec import SchemaError
from pte_review.models.scenario import ORDINARY_CONFIG, Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.tables import Entries, Range, Table

REAL = ORDINARY_CONFIG.cont_ptes


def with_real_blocks(scenario: Scenario) -> Scenario | None:
    """`scenario` with every block grown to REAL entries; None where it does not fit its tables or has larger blocks.

    An entry keeps its offset into its block, a page its offset into a stretch of the folio as long as a block. What a
    block gains at its end goes on as its last entry did: the next pages where that maps a large folio, else holes.
    """
    small = scenario.config.cont_ptes
    if scenario.real_blocks or small > REAL:
        return None
    grown = _Grown(scenario, small)
    config = replace(scenario.config, cont_ptes=REAL)
    tables = tuple(replace(table, entries=grown.entries(table)) for table in scenario.tables)
    ranges = tuple(grown.range(where) for where in scenario.ranges)
    last = max([where.end - 1 for where in ranges] + [index for table in tables for index, _ in table.entries])
    if last >= config.ptrs_per_pte:
        return None
    real = replace(
        scenario,
        config=config,
        tables=tables,
        ranges=ranges,
        folios=tuple(map(grown.folio, scenario.folios)),
        actions=tuple(map(grown.action, scenario.actions)),
    )
    try:
        check(real, "scenario")
    except SchemaError:
        return None
    return real


class _Grown:
    """Where what a scenario has with blocks of `small` entries lies with blocks of REAL."""

    def __init__(self, scenario: Scenario, small: int) -> None:
        self.scenario, self.small = scenario, small
        self.words = scenario.words

    def at(self, index: int) -> int:
        """Of an entry index or page frame number."""
        block, offset = divmod(index, self.small)
        return block * REAL + offset

    def end(self, index: int) -> int:
        """Of an index behind the last one of something."""
        return self.at(index - 1) + 1 if index % self.small else self.at(index)

    def entries(self, table: Table) -> Entries:
        grown: dict[int, int] = {}
        for index, pte in table.entries:
            for more in range(1 if (index + 1) % self.small else REAL - self.small + 1):
                if (entry := self.pte(pte, more)) is not None:
                    grown[self.at(index) + more] = entry
        return tuple(sorted(grown.items()))

    def pte(self, pte: int, more: int) -> int | None:
        """The entry `more` pages behind the place of `pte`; None where nothing is known to be there."""
        if not self.words.pte_present(pte) or self.words.pte_special(pte):
            return None if more else pte
        folio = self.scenario.folio_of(self.words.pte_pfn(pte))
        if more and (folio is None or 1 << folio.order < self.small):
            return None
        pfn = self.at(self.words.pte_pfn(pte)) if folio else self.words.pte_pfn(pte)
        return self.words.pfn_pte(pfn + more, self.words.pte_pgprot(pte))

    def range(self, where: Range) -> Range:
        """Ranges of the same length keep one: that of the first of them."""
        like = next(other for other in self.scenario.ranges if other.nr == where.nr)
        return replace(where, first=self.at(where.first), nr=self.end(like.end) - self.at(like.first))

    def folio(self, folio: Folio) -> Folio:
        if 1 << folio.order < self.small:
            return replace(folio, pfn=self.at(folio.pfn))
        larger = (REAL // self.small).bit_length() - 1
        return Folio(
            self.at(folio.pfn),
            folio.order + larger,
            folio.anon,
            tuple((self.at(first), self.end(end)) for first, end in folio.exclusive),
            tuple((self.at(first), self.end(end)) for first, end in folio.shared),
        )

    def action(self, action: Action) -> Action:
        when = action.when
        if when.range:
            when = replace(when, slot=self.slot(when.range, when.slot))
        return replace(action, slot=self.slot(action.range, action.slot), when=when)

    def slot(self, name: str, slot: int) -> int:
        first = self.scenario.places.named(name).first
        return self.at(first + slot) - self.at(first)
