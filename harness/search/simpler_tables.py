# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards fewer entries. Each proposes scenarios; the first that still fails is taken."""

from collections.abc import Iterator
from dataclasses import replace

from pte_review.harness.search.tables import with_entries, with_table
from pte_review.models.scenario import Folio, Scenario


def fewer_entries(scenario: Scenario) -> Iterator[Scenario]:
    """Drop entries: large stretches first, then what only goes as a whole, a contpte block."""
    for number, table in enumerate(scenario.tables):
        entries = table.entries
        width = len(entries)
        while width:
            for at in range(0, len(entries), width):
                yield with_table(scenario, number, entries[:at] + entries[at + width :])
            width //= 2
        if scenario.words.CONT:
            for block in sorted({index // scenario.config.cont_ptes for index, _ in entries}):
                others = tuple(entry for entry in entries if entry[0] // scenario.config.cont_ptes != block)
                yield with_table(scenario, number, others)


def fewer_folios(scenario: Scenario) -> Iterator[Scenario]:
    """Drop a folio with every entry that maps it; or take CONT off all of them, so that they can be dropped singly."""
    words = scenario.words
    for folio in scenario.folios:

        def maps(pte: int, folio: Folio = folio) -> bool:
            return words.pte_present(pte) and folio.pfn <= words.pte_pfn(pte) < folio.end

        others = tuple(other for other in scenario.folios if other is not folio)
        dropped = with_entries(scenario, lambda _, entries, maps=maps: tuple(e for e in entries if not maps(e[1])))  # type: ignore[misc]  # bound now
        yield replace(dropped, folios=others)
        if words.CONT:
            yield with_entries(
                scenario,
                lambda _, entries, maps=maps: tuple((i, pte & ~words.CONT if maps(pte) else pte) for i, pte in entries),  # type: ignore[misc]  # bound now
            )
