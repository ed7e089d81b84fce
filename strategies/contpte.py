# SPDX-License-Identifier: GPL-2.0-only
"""CONT on the blocks of a table that the kernel could have folded, and off those that something broke."""

from dataclasses import replace

from pte_review.models.legal import breaches, is_uniform_block
from pte_review.models.scenario import Scenario
from pte_review.models.tables import Entries
from pte_review.strategies.choices import Choices


def fold_blocks(scenario: Scenario, choices: Choices) -> Scenario:
    """CONT on most blocks of table 0 that may have it, and on PROT_NONE blocks that had it before mprotect()."""
    words, block = scenario.words, scenario.config.cont_ptes
    table = dict(scenario.tables[0].entries)
    skipped = choices.wide(1 << 16) & choices.wide(1 << 16)  # 0 is the simplest: the kernel folds whatever it can
    for at in sorted({index & -block for index in table}):
        skip, skipped = skipped & 1, skipped >> 1
        entries = [table.get(at + i, 0) for i in range(block)]
        if not skip and is_uniform_block(scenario, entries):
            table.update({at + i: pte | words.CONT for i, pte in enumerate(entries)})
    return with_entries(scenario, tuple(sorted(table.items())))


def unfold_broken(scenario: Scenario) -> Scenario:
    """Without CONT in blocks that are not whole any more, as the kernel unfolds a block before it changes an entry."""
    words, block = scenario.words, scenario.config.cont_ptes
    broken = {breach.entry for breach in breaches(scenario) if breach.rule == "malformed-cont"}
    if not broken:
        return scenario
    entries = scenario.tables[0].entries
    return with_entries(scenario, tuple((i, pte & ~words.CONT if i & -block in broken else pte) for i, pte in entries))


def with_entries(scenario: Scenario, entries: Entries) -> Scenario:
    """`scenario` with other entries in table 0."""
    table = replace(scenario.tables[0], entries=entries)
    return replace(scenario, tables=(table, *scenario.tables[1:]))
