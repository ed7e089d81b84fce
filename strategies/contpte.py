# SPDX-License-Identifier: GPL-2.0-only
"""CONT on the blocks of a table that the kernel could have folded, and off those that something broke."""

from dataclasses import replace

from pte_review.models.legal import breaches
from pte_review.models.scenario import Scenario
from pte_review.strategies.choices import Choices


def fold_blocks(scenario: Scenario, choices: Choices) -> Scenario:
    """CONT on most blocks that may have it, and on PROT_NONE blocks that had it before mprotect()."""
    words, block = scenario.words, scenario.config.cont_ptes
    table = dict(scenario.old_table)
    skipped = choices.wide(1 << 16) & choices.wide(1 << 16)  # 0 is the simplest: the kernel folds whatever it can
    for at in sorted({index & -block for index in table}):
        skip, skipped = skipped & 1, skipped >> 1
        entries = [table.get(at + i, 0) for i in range(block)]
        if not skip and _foldable(scenario, entries):
            table.update({at + i: pte | words.CONT for i, pte in enumerate(entries)})
    return replace(scenario, old_table=tuple(sorted(table.items())))


def _foldable(scenario: Scenario, entries: list[int]) -> bool:
    """Present entries of consecutive pages of one folio from an aligned PFN, alike but for A/D."""
    words = scenario.words
    if not words.pte_present(entries[0]) or words.pte_special(entries[0]):
        return False
    pfn = words.pte_pfn(entries[0])
    folio = scenario.folio_of(pfn)
    if folio is None or pfn % len(entries) or pfn + len(entries) > folio.end:
        return False
    expected = words.pte_mkold(words.pte_mkclean(entries[0]))
    return all(
        words.pte_mkold(words.pte_mkclean(pte)) == words.pte_advance_pfn(expected, i) for i, pte in enumerate(entries)
    )


def unfold_broken(scenario: Scenario) -> Scenario:
    """Without CONT in blocks that are not whole any more, as the kernel unfolds a block before it changes an entry."""
    words, block = scenario.words, scenario.config.cont_ptes
    broken = {breach.entry for breach in breaches(scenario) if breach.rule == "malformed-cont"}
    if not broken:
        return scenario
    table = tuple((i, pte & ~words.CONT if i & -block in broken else pte) for i, pte in scenario.old_table)
    return replace(scenario, old_table=table)
