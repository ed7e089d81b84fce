# SPDX-License-Identifier: GPL-2.0-only
"""The review of the series: `pte-review --subject change_pte_range`."""

import pytest

from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.known import review_thread
from pte_review.harness.subjects.change_pte_range.history import BUGS
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.change_pte_range.thread import KNOWN


def test_what_is_known_of_pairs_and_of_bugs():
    """A pair says of a version what its bugs say."""
    ports = CHANGE_PTE_RANGE.function.ports()
    for known in KNOWN:
        assert {known.base, known.candidate} <= {*ports}
        assert known.must | known.may <= SEVERITY.keys()
        bugs = [bug for bug in BUGS if bug.version == known.candidate]
        assert known.must == frozenset().union(*(bug.must for bug in bugs))
        assert known.must | known.may == frozenset().union(*(bug.must | bug.may for bug in bugs))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_every_verdict_is_as_known(seed):
    rows = review_thread(CHANGE_PTE_RANGE, arch=None, max_examples=1000, seed=seed)
    assert [known for known, verdict in rows if not known.agrees(verdict)] == []
