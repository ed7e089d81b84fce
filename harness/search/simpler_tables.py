# SPDX-License-Identifier: GPL-2.0-only
"""Steps towards fewer entries in simpler places. Each proposes scenarios; the first that still fails is taken."""

from collections.abc import Iterator
from dataclasses import replace

from pte_review.harness.search.simpler_events import moved_slots
from pte_review.harness.search.tables import TABLES, table_of, with_table
from pte_review.models.config import PAGE_SIZE
from pte_review.models.scenario import Folio, Scenario


def fewer_entries(s: Scenario) -> Iterator[Scenario]:
    """Drop entries, large stretches first."""
    for name in TABLES:
        entries = table_of(s, name)
        width = len(entries)
        while width:
            for at in range(0, len(entries), width):
                yield with_table(s, name, entries[:at] + entries[at + width :])
            width //= 2


def fewer_folios(s: Scenario) -> Iterator[Scenario]:
    """Drop a folio with every entry that maps it; or take CONT off all of them, so that they can be dropped singly."""
    words = s.words
    for folio in s.folios:

        def maps(pte: int, folio: Folio = folio) -> bool:
            return words.pte_present(pte) and folio.pfn <= words.pte_pfn(pte) < folio.end

        tables = [tuple((i, pte) for i, pte in table if not maps(pte)) for table in (s.old_table, s.new_table)]
        others = tuple(other for other in s.folios if other is not folio)
        yield replace(s, old_table=tables[0], new_table=tables[1], folios=others)
        if words.CONT:
            tables = [
                tuple((i, pte & ~words.CONT if maps(pte) else pte) for i, pte in table)
                for table in (s.old_table, s.new_table)
            ]
            yield replace(s, old_table=tables[0], new_table=tables[1])


def shorter_extent(s: Scenario) -> Iterator[Scenario]:
    """Move less: the first half, the second half, without the last page, without the first."""
    for nr in (1, s.nr // 2, s.nr - 1):
        if 0 < nr < s.nr:
            yield replace(s, extent=nr * PAGE_SIZE)
            cut = s.nr - nr
            yield replace(
                s,
                extent=nr * PAGE_SIZE,
                old_addr=s.old_addr + cut * PAGE_SIZE,
                new_addr=s.new_addr + cut * PAGE_SIZE,
                scheduled=moved_slots(s, lambda slot, cut=cut: slot - cut),  # type: ignore[misc]  # bound now
            )


def closer_entries(s: Scenario) -> Iterator[Scenario]:
    """Close a hole in the range: everything behind it moves up one slot."""
    present = dict(s.old_table)
    for i in range(s.old_index, s.old_index + s.nr - 1):
        if i not in present and not s.one_table:
            table = tuple((j - 1 if j > i else j, pte) for j, pte in s.old_table)
            shift = s.new_index - s.old_index
            new = tuple((j - 1 if j > i + shift else j, pte) for j, pte in s.new_table if j != i + shift)
            gap = i - s.old_index
            events = moved_slots(s, lambda slot, gap=gap: slot - (slot > gap))  # type: ignore[misc]  # bound now
            yield replace(s, old_table=table, new_table=new, extent=s.extent - PAGE_SIZE, scheduled=events)


def simpler_place(s: Scenario) -> Iterator[Scenario]:
    """Tables of their own, both ranges at the start or congruent."""
    if s.one_table:
        destination = range(s.new_index, s.new_index + s.nr)
        yield replace(
            s,
            new_addr=s.new_addr + s.pmd_size,
            old_table=tuple((i, pte) for i, pte in s.old_table if i not in destination),
            new_table=tuple((i, pte) for i, pte in s.old_table if i in destination),
        )
        yield replace(s, new_addr=s.new_addr + s.pmd_size)
        return
    if s.new_base != s.old_base + s.pmd_size:
        yield replace(s, new_addr=s.old_base + s.pmd_size + (s.new_addr - s.new_base))
    if s.old_index:
        for by in (s.old_index, s.old_index & -s.config.cont_ptes, 1):
            if 0 < by <= min(s.old_index, min((i for i, _ in s.old_table), default=s.old_index)):
                yield _shifted(s, by, 0)
                if by <= min(s.new_index, min((i for i, _ in s.new_table), default=s.new_index)):
                    yield _shifted(s, by, by)
    if s.new_index:
        for by in (s.new_index, s.new_index - s.old_index, 1):
            if 0 < by <= min(s.new_index, min((i for i, _ in s.new_table), default=s.new_index)):
                yield _shifted(s, 0, by)


def _shifted(s: Scenario, old_by: int, new_by: int) -> Scenario:
    return replace(
        s,
        old_addr=s.old_addr - old_by * PAGE_SIZE,
        new_addr=s.new_addr - new_by * PAGE_SIZE,
        old_table=tuple((i - old_by, pte) for i, pte in s.old_table),
        new_table=tuple((i - new_by, pte) for i, pte in s.new_table),
    )
