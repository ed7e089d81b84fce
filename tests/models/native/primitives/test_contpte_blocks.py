# SPDX-License-Identifier: GPL-2.0-only
"""Contpte blocks fold and unfold as those of the tree: whatever keeps a block from folding, wherever it is cut."""

import pytest

from pte_review.models.config import PAGE_SIZE
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from tests.models.native.primitives.blocks import LOW, NEW, OLD, PFN, SIZES, foldable, variations
from tests.models.native.primitives.probe import Pair, Probe
from tests.models.native.primitives.tables import call


@pytest.mark.parametrize("probe", [Probe.SET_EACH, Probe.SET_BATCH], ids=["set_pte_at", "set_ptes"])
@pytest.mark.parametrize("name", variations(4))
def test_the_last_entry_of_a_block_is_set(pair: Pair, name: str, probe: Probe) -> None:
    for size in SIZES:
        block, folds = variations(size)[name]
        for page_table_check in (False, True):
            scenario = block.scenario(page_table_check=page_table_check)
            outcome = pair.agreed(call(scenario, probe, 0, 0, 1, 2 * size - 1, into_old=False))
            folded = ("contpte_convert", 3 * 4 * size + size, 1) in outcome.events
            if probe == Probe.SET_BATCH and name == LOW:
                continue  # the number of the probe is in the address, which is high then
            assert folded == folds, f"{size}: {outcome.events}"


def two_blocks(size: int, *, dirty: int, page_table_check: bool) -> Scenario:
    """An old table with two contpte blocks of one folio, of which entry `dirty` is dirty and young."""
    block = foldable(size)
    words = block.words
    config = block.scenario(page_table_check=page_table_check).config
    prot = words.pte_mkcont(words.pte_mkwrite_novma(words.PROT_USER))
    entries = [words.pfn_pte(PFN + i, prot) for i in range(2 * size)]
    entries[dirty] = words.pte_mkyoung(words.pte_mkdirty(entries[dirty]))
    folio = Folio(PFN, block.folio.order, exclusive=((0, 2 * size),))
    table = tuple((size + i, pte) for i, pte in enumerate(entries))
    return move("arm64", old_addr=OLD, new_addr=NEW, extent=PAGE_SIZE, old_table=table, folios=(folio,), config=config)


UNFOLDING = (Probe.CLEAR_BATCH, Probe.GET_AND_CLEAR, Probe.CLEAR, Probe.MOVE_BATCH, Probe.REWRITE)


@pytest.mark.parametrize("probe", [*UNFOLDING, Probe.GET, Probe.HINT, Probe.BATCH], ids=lambda p: p.name.lower())
@pytest.mark.parametrize("size", SIZES)
def test_a_part_of_two_blocks(pair: Pair, size: int, probe: Probe) -> None:
    edges = range(2 * size) if size < 16 else (0, 1, 7, 8, 15, 16, 17, 31)
    unfolds = set()
    for page_table_check in (False, True):
        scenario = two_blocks(size, dirty=size // 2, page_table_check=page_table_check)
        for first in edges:
            for end in [edge + 1 for edge in edges if edge >= first]:
                outcome = pair.agreed(call(scenario, probe, 0, size + first, end - first, first, into_old=False))
                unfolds.add(sum(event[0] == "contpte_convert" and not event[2] for event in outcome.events))
    assert unfolds == expected_unfolds(probe)


def expected_unfolds(probe: Probe) -> set[int]:
    """How many blocks calls unfold: entry by entry each block that is met, batches only those that they cut."""
    if probe in (Probe.CLEAR_BATCH, Probe.MOVE_BATCH):
        return {0, 1, 2}
    return {1, 2} if probe in UNFOLDING else {0}


@pytest.mark.parametrize("size", SIZES)
def test_an_entry_of_a_block_is_set(pair: Pair, size: int) -> None:
    for page_table_check in (False, True):
        scenario = two_blocks(size, dirty=0, page_table_check=page_table_check)
        for new in range(size, 3 * size):
            for nr in (1, 2):
                for probe in (Probe.SET_EACH, Probe.SET_BATCH):
                    if new + nr <= 4 * size:
                        pair.agreed(call(scenario, probe, 0, size, nr, new, into_old=True))
