# SPDX-License-Identifier: GPL-2.0-only
"""folio_pte_batch() and get_and_clear_full_ptes() from every entry of a large folio, for every number of entries."""

from collections.abc import Iterator
from random import Random

import pytest

from pte_review.models.arch import ARCHES
from pte_review.models.config import PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move, moved
from pte_review.models.scenario import Folio, Scenario
from tests.kit.moves import as_move
from tests.models.native.primitives.probe import Pair, Probe
from tests.models.native.primitives.tables import NEW, OLD, as_v6_12, call, generated, large

ROUNDS = 2  # of SCENARIOS each, for xdist
SCENARIOS = 24
FOLIO = Folio(0x400, 4, exclusive=((0, 16),))


def scenarios_of(arch: str, number: int) -> Iterator[Scenario]:
    """A round's share of small enough generated scenarios that hold a large folio."""
    fit = [
        moved(s, old_maps=True, new_maps=True)
        for s in generated(arch, 300, 3)
        if 2 <= len(as_move(s).old_table) <= 28
        and sum(large(s, pte) is not None for _, pte in as_move(s).old_table) >= 2
    ]
    yield from fit[number * SCENARIOS : (number + 1) * SCENARIOS]


def starts(scenario: Scenario) -> Iterator[tuple[int, int, int]]:
    """(entry, entries to the last one of the table, entries that map consecutive pages of one folio)."""
    table = dict(as_move(scenario).old_table)
    words, last = scenario.words, as_move(scenario).old_table[-1][0]
    for first, pte in as_move(scenario).old_table:
        if folio := large(scenario, pte):
            nr = 1
            while (
                words.pte_present(table.get(first + nr, 0))
                and words.pte_pfn(table[first + nr]) == words.pte_pfn(pte) + nr < folio.end
            ):
                nr += 1
            yield first, last - first + 1, nr


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("arch", ARCHES)
def test_folio_pte_batch(pair: Pair, arch: str, number: int) -> None:
    lengths = set()
    for scenario in scenarios_of(arch, number):
        for first, rest, _ in starts(scenario):
            for max_nr in {*range(1, min(rest, 9)), *range(9, rest, 3), rest}:
                outcome = pair.agreed(call(scenario, Probe.BATCH, 0, first, max_nr, 0, into_old=False))
                lengths |= {event[-1] for event in outcome.events if event[0] == "folio_pte_batch"}
    assert len(lengths) > 4


def mixed(arch: str, random: Random) -> Scenario:
    """One folio whose entries differ in what a batch can ignore, and in little else."""
    config = Config(mem_soft_dirty=arch == "x86_64", contpte=False, ptrs_per_pte=32)
    empty = move(arch, old_addr=OLD, new_addr=NEW, extent=PAGE_SIZE, folios=(FOLIO,), config=as_v6_12(config))
    words, table = empty.words, []
    often = random.choice((0.1, 0.5))
    for i in range(12):
        pte = words.pfn_pte(FOLIO.pfn + i, words.PROT_USER)
        changes = (words.pte_mkwrite_novma, words.pte_mkdirty, words.pte_mkyoung, words.pte_mksoft_dirty)
        for change in changes:
            pte = change(pte) if random.random() < often else pte
        table.append((3 + i, words.pte_mkuffd_wp(pte) if random.random() < 0.05 else pte))
    return moved(empty, old_table=tuple(table))


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("arch", ARCHES)
def test_out_pointers(pair: Pair, arch: str, number: int) -> None:
    random, outs = Random(number), set()
    for _ in range(6):
        scenario = mixed(arch, random)
        for first, rest, _ in starts(scenario):
            for max_nr in range(1, rest + 1):
                outs.add(pair.agreed(call(scenario, Probe.BATCH, 0, first, max_nr, 0, into_old=False)).returned)
    seen = {(out >> shift) & 7 for out in outs for shift in (0, 3, 6, 9)}
    assert seen == set(range(8))  # any_writable, any_young, any_dirty
    assert len(outs) > 12  # under four combinations of flags


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("arch", ARCHES)
def test_get_and_clear_full_ptes(pair: Pair, arch: str, number: int) -> None:
    most = 0
    for scenario in scenarios_of(arch, number):
        for first, _, legal in starts(scenario):
            most = max(most, legal)
            for nr in range(1, legal + 1):
                outcome = pair.agreed(call(scenario, Probe.CLEAR_BATCH, 0, first, nr, 0, into_old=False))
                assert not outcome.violations
    assert most > 4
