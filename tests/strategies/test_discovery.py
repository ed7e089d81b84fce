# SPDX-License-Identifier: GPL-2.0-only
"""The bugs of the thread are found within a few examples, whatever the seed."""

from statistics import median

import pytest

from tests.bench.discovery import HUNTS, first_seen
from tests.models.build import ARCHES

SEEDS = 10


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("hunt", HUNTS, ids=str)
def test_median_of_examples(hunt, arch):
    counts = [first_seen(hunt, arch, start) for start in range(SEEDS)]
    assert median(counts) <= hunt.goal, counts
    assert min(counts) > 1, "the simplest scenario is to be ordinary"
