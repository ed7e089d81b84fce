# SPDX-License-Identifier: GPL-2.0-only
"""Plain lists of independent random entries, and the assertion one writes first: both leave the same tables."""

import time

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.side_by_side import Comparison, compare_on
from pte_review.models.config import Config
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version
from tests.kit.study import PFN, Plain, Study
from tests.programs.alternatives.generating import Finished, generate
from tests.programs.alternatives.symbolic import HIGH
from tests.programs.alternatives.tries import Try

ENTRIES = 16
MOST = 1_000_000  # lists a seed: never reached


def _scenarios(plain: Plain, arch: str, words: SearchStrategy[int]) -> SearchStrategy[Scenario]:
    config = Config(mem_soft_dirty=arch == "x86_64")
    entries = st.lists(words, min_size=ENTRIES, max_size=ENTRIES)
    beside = st.integers(0, plain.beside(ENTRIES) - 1)
    return st.builds(lambda drawn, number: plain.scenario(arch, drawn, number, config), entries, beside)


def random_words(plain: Plain, arch: str) -> SearchStrategy[Scenario]:
    """16 words of 64 random bits."""
    return _scenarios(plain, arch, st.integers(0, (1 << 64) - 1))


def independent_entries(plain: Plain, arch: str) -> SearchStrategy[Scenario]:
    """16 entries, every bit of each drawn on its own but for the page frame, which is one of 16 pages of one folio.

    The page frames and the folio are given for nothing: of wholly random words next to none would map a page at all.
    Most of these tables no kernel has ever held.
    """
    shift, width = HIGH[arch]
    word = st.builds(
        lambda low, high, page: low | high << shift | (PFN + page) << 12,
        st.integers(0, 0xFFF),
        st.integers(0, (1 << width) - 1),
        st.integers(0, ENTRIES - 1),
    )
    return _scenarios(plain, arch, word)


LISTS = {"random words": random_words, "page frames given": independent_entries}


def differ(comparison: Comparison) -> bool:
    """Whether the assertion fires: the tables are not the same, or only one of the two came to its end."""
    base, candidate = comparison.base, comparison.candidate
    return (base.ended, base.tables) != (candidate.ended, candidate.tables)


def kinds(comparison: Comparison) -> set[str]:
    """What pte-review calls the difference; empty where its default contract allows it."""
    return {diverging.finding.kind for diverging in comparison.judgement.differences}


def search(
    study: Study, which: str, arch: str, pair: tuple[Version, Version], kind: str, start: int, seconds: float
) -> Try:
    """Lists `which` of seed `start`, until the assertion fires on one with `kind`, on any if that is "".

    At most `seconds`.
    """
    tried, other, found = 0, 0, False
    began = time.monotonic()

    def one(scenario: Scenario) -> None:
        nonlocal tried, other, found
        tried += 1
        comparison = compare_on(study.subject, scenario, pair, CONTRACTS["folio-ad"]).pair(*pair)
        if differ(comparison):
            found = not kind or kind in kinds(comparison)
            other += not found
        if found or time.monotonic() - began > seconds:
            raise Finished

    generate(LISTS[which](study.plain, arch), MOST, start, one)
    return Try(found, tried, other, time.monotonic() - began)
