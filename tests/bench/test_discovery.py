# SPDX-License-Identifier: GPL-2.0-only
"""Examples until the first divergence of a kind, printed; and the same with plain lists of random entries."""

from statistics import median

import pytest
from hypothesis import strategies as st

from models.config import Config
from models.scenario import Folio, Scenario
from tests.bench.discovery import HUNTS, Hunt, first_seen, first_seen_in
from tests.models.build import ARCHES, NEW, OLD

SEEDS = 20
NAIVE_SEEDS, NAIVE_MOST = 3, 3000
WRITE_GAINED = Hunt("pre_patch", "v4", "write-gained", 10)


@pytest.fixture(scope="module")
def rows():
    """What is printed when all have run: name, architecture, counts, goal."""
    gathered = []
    yield gathered
    print(f"\n\n{'examples until first seen':<72} {'':<7} seeds median  min  max goal")
    for name, arch, counts, goal in gathered:
        most = f"{max(counts)}{'+' if max(counts) == NAIVE_MOST else ''}"
        print(f"{name:<72} {arch:<7} {len(counts):>5} {median(counts):>6.1f} {min(counts):>4} {most:>4} {goal}")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("hunt", HUNTS, ids=str)
def test_examples_needed(benchmark, rows, hunt, arch):
    counts = benchmark.pedantic(lambda: [first_seen(hunt, arch, start) for start in range(SEEDS)], rounds=1)
    rows.append((str(hunt), arch, counts, f"<= {hunt.goal}"))


def independent_entries(arch):
    """16 entries, every bit of each drawn on its own but for the page frame, which is one of 16 pages of one folio.

    What one writes first. The page frames and the folio are given for nothing: of wholly random words next to none
    would map a page at all. Most of these tables no kernel has ever held.
    """
    low, high = (0xFFF, 0xFE0 << 52) if arch == "x86_64" else (0xFFF, 0x7FC << 48)
    word = st.tuples(st.integers(0, low), st.integers(0, 0xFFF), st.integers(0, 15))

    def scenario(words):
        table = ((i, a | (b << 52 & high) | (0x100 + page) << 12) for i, (a, b, page) in enumerate(words))
        return Scenario(
            arch=arch,
            old_addr=OLD,
            new_addr=NEW,
            extent=16 * 4096,
            old_table=tuple((i, pte) for i, pte in table if pte),
            folios=(Folio(0x100, 4, exclusive=((0, 16),)),),
            config=Config(mem_soft_dirty=arch == "x86_64"),
        )

    return st.lists(word, min_size=16, max_size=16).map(scenario)


@pytest.mark.parametrize("arch", ARCHES)
def test_examples_needed_by_independent_entries(benchmark, rows, arch):
    def hunt():
        strategy = independent_entries(arch)
        return [first_seen_in(strategy, WRITE_GAINED, start, NAIVE_MOST) for start in range(NAIVE_SEEDS)]

    counts = benchmark.pedantic(hunt, rounds=1)
    rows.append(("for comparison: v4's write-gained, 16 independent random entries", arch, counts, "none"))
