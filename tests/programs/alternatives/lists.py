# SPDX-License-Identifier: GPL-2.0-only
"""Plain lists of independent random entries, and the assertion one writes first: both leave the same tables."""

import time

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.side_by_side import Comparison
from pte_review.models.config import PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.version import Version
from pte_review.models.vma import Vma
from tests.kit.build import NEW, OLD
from tests.kit.moves import compared
from tests.programs.alternatives.generating import Finished, generate
from tests.programs.alternatives.symbolic import HIGH, PFN
from tests.programs.alternatives.tries import Try

ENTRIES = 16
MOST = 1_000_000  # lists a seed: never reached


def _scenario(arch: str, words: list[int], uffd: bool) -> Scenario:
    return move(
        arch,
        old_addr=OLD,
        new_addr=NEW,
        extent=ENTRIES * PAGE_SIZE,
        old_table=tuple((i, pte) for i, pte in enumerate(words) if pte),
        folios=(Folio(PFN, 4, exclusive=((0, 16),)),),
        vma=Vma(uffd=uffd),
        config=Config(mem_soft_dirty=arch == "x86_64"),
    )


def random_words(arch: str) -> SearchStrategy[Scenario]:
    """16 words of 64 random bits, in a VMA with or without a userfaultfd."""
    words = st.lists(st.integers(0, (1 << 64) - 1), min_size=ENTRIES, max_size=ENTRIES)
    return st.builds(lambda drawn, uffd: _scenario(arch, drawn, uffd), words, st.booleans())


def independent_entries(arch: str) -> SearchStrategy[Scenario]:
    """16 entries, every bit of each drawn on its own but for the page frame, which is one of 16 pages of one folio.

    The page frames and the folio are given for nothing: of wholly random words next to none would map a page at all.
    Most of these tables no kernel has ever held.
    """
    shift, width = HIGH[arch]
    word = st.builds(
        lambda low, high, page: low | high << shift | (PFN + page) << 12,
        st.integers(0, 0xFFF),
        st.integers(0, (1 << width) - 1),
        st.integers(0, 15),
    )
    entries = st.lists(word, min_size=ENTRIES, max_size=ENTRIES)
    return st.builds(lambda drawn, uffd: _scenario(arch, drawn, uffd), entries, st.booleans())


LISTS = {"random words": random_words, "page frames given": independent_entries}


def differ(comparison: Comparison) -> bool:
    """Whether the assertion fires: the tables are not the same, or only one of the two came to its end."""
    base, candidate = comparison.base, comparison.candidate
    return (base.ended, base.tables[0], base.tables[1]) != (candidate.ended, candidate.tables[0], candidate.tables[1])


def kinds(comparison: Comparison) -> set[str]:
    """What pte-review calls the difference; empty where its default contract allows it."""
    return {diverging.finding.kind for diverging in comparison.judgement.differences}


def search(
    strategy: SearchStrategy[Scenario], pair: tuple[Version, Version], kind: str, start: int, seconds: float
) -> Try:
    """Lists of seed `start` until the assertion fires on one with `kind`, on any if that is ""; at most `seconds`."""
    tried, other, found = 0, 0, False
    began = time.monotonic()

    def one(scenario: Scenario) -> None:
        nonlocal tried, other, found
        tried += 1
        comparison = compared(scenario, *pair, CONTRACTS["folio-ad"])
        if differ(comparison):
            found = not kind or kind in kinds(comparison)
            other += not found
        if found or time.monotonic() - began > seconds:
            raise Finished

    generate(strategy, MOST, start, one)
    return Try(found, tried, other, time.monotonic() - began)
