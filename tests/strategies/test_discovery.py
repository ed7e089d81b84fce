# SPDX-License-Identifier: GPL-2.0-only
"""The bugs of the thread are found within a few examples, whatever the seed."""

from statistics import median

import pytest

from pte_review.harness.known import hunt
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.build import ARCHES

SEEDS = 60
# Version: examples that it may take, as a median over seeds.
GOALS = {"refactor": 5, "v4": 10, "refactor_intended": 10, "refactor_keep_old": 20}
HUNTS = [bug for bug in BUGS if bug.version in GOALS]


def test_every_goal_has_its_bug():
    assert sorted(bug.version for bug in HUNTS) == sorted(GOALS)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("bug", HUNTS, ids=lambda bug: bug.version)
def test_median_of_examples(bug, arch):
    measured = hunt(MOVE_PTES, bug, [arch], SEEDS, max_examples=300)
    counts = [count or 300 for count in measured.counts]
    assert median(counts) <= GOALS[bug.version], counts
    assert min(counts) > 1, "the simplest scenario is to be ordinary"
