# SPDX-License-Identifier: GPL-2.0-only
"""Examples until the first divergence of a kind, printed; and the same with plain lists of random entries."""

from statistics import median

import pytest

from tests.bench.discovery import HUNTS, Hunt, first_seen, first_seen_in
from tests.bench.lists import independent_entries
from tests.models.build import ARCHES

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


@pytest.mark.parametrize("arch", ARCHES)
def test_examples_needed_by_independent_entries(benchmark, rows, arch):
    def hunt():
        strategy = independent_entries(arch)
        return [first_seen_in(strategy, WRITE_GAINED, start, NAIVE_MOST) for start in range(NAIVE_SEEDS)]

    counts = benchmark.pedantic(hunt, rounds=1)
    rows.append(("for comparison: v4's write-gained, 16 independent random entries", arch, counts, "none"))
