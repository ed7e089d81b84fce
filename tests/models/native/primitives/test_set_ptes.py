# SPDX-License-Identifier: GPL-2.0-only
"""set_ptes() of present values into empty destinations, at every alignment with contpte blocks."""

import pytest

from pte_review.models.arch import ARCHES
from pte_review.models.arch import words as arch_words
from pte_review.models.arch.arm64 import CONT
from pte_review.models.config import PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from tests.models.native.primitives.probe import Pair, Probe
from tests.models.native.primitives.tables import NEW, OLD, as_v6_12, call

ORDER = 6
PFN = 0x1000
# Offsets in a block and numbers of entries: all of them for small blocks, those at the edges for one of 16.
OFFSETS = {2: range(2), 4: range(4), 8: range(8), 16: (0, 1, 7, 8, 15)}
NUMBERS = {2: range(1, 7), 4: range(1, 11), 8: (1, 2, 3, 7, 8, 9, 15, 16, 17, 24), 16: (1, 2, 15, 16, 17, 31, 32, 33)}
ARGUMENTS = {0: "valid", 1: "cont", 2: "prot-none", 3: "prot-none-cont"}


def one_entry(arch: str, block: int, pfn: int, *, contpte: bool, page_table_check: bool) -> Scenario:
    """An old table with one writable, young page of a large folio, and an empty new table."""
    config = Config(contpte=contpte, cont_ptes=block, page_table_check=page_table_check, ptrs_per_pte=128)
    folio = Folio(PFN, ORDER, exclusive=((0, 1 << ORDER),))
    config = as_v6_12(config)
    words = arch_words(arch, config)
    pte = words.pte_mkyoung(words.pte_mkwrite_novma(words.pfn_pte(pfn, words.PROT_USER)))
    return move(
        arch, old_addr=OLD, new_addr=NEW, extent=PAGE_SIZE, old_table=((0, pte),), folios=(folio,), config=config
    )


@pytest.mark.parametrize("argument", ARGUMENTS, ids=ARGUMENTS.get)
@pytest.mark.parametrize("block", OFFSETS)
@pytest.mark.parametrize("arch", ARCHES)
def test_at_every_alignment(pair: Pair, arch: str, block: int, argument: int) -> None:
    whole = 0
    for offset in OFFSETS[block]:
        scenario = one_entry(arch, block, PFN + offset, contpte=True, page_table_check=block == 4)
        for new in OFFSETS[block]:
            for nr in NUMBERS[block]:
                outcome = pair.agreed(call(scenario, Probe.SET_BATCH, argument, 0, nr, new, into_old=False))
                assert not outcome.violations
                conts = sum(bool(pte & CONT) for pte in outcome.tables[1])
                assert conts == (blocks_in(block, offset, new, nr) * block if arch == "arm64" and argument < 2 else 0)
                whole += conts > 0
    assert whole or arch != "arm64" or argument >= 2


def blocks_in(block: int, offset: int, new: int, nr: int) -> int:
    """Whole blocks of the destination, if it is congruent with the page frames. One entry never makes a block."""
    first, end = -(-new // block), (new + nr) // block
    return max(end - first, 0) if offset == new and nr > 1 else 0


@pytest.mark.parametrize("page_table_check", [False, True])
@pytest.mark.parametrize("argument", ARGUMENTS, ids=ARGUMENTS.get)
def test_without_contpte(pair: Pair, argument: int, page_table_check: bool) -> None:
    scenario = one_entry("arm64", 4, PFN, contpte=False, page_table_check=page_table_check)
    for nr in range(1, 9):
        outcome = pair.agreed(call(scenario, Probe.SET_BATCH, argument, 0, nr, 0, into_old=False))
        assert bool(outcome.tables[1][0] & CONT) == bool(argument & 1)  # nobody strips it below the contpte layer
