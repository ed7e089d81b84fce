# SPDX-License-Identifier: GPL-2.0-only
"""The known verdicts of the thread: every kind is a kind, and agreement is exact in both directions."""

from dataclasses import replace

import pytest

from pte_review.harness import check
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.known import Known, review_thread
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.subjects.move_ptes.thread import KNOWN
from pte_review.harness.verdict import INCONCLUSIVE
from tests.kit.moves import names


def test_every_name_is_one():
    for known in KNOWN:
        assert {known.base, known.candidate} <= set(names())
        assert known.must | known.may <= SEVERITY.keys()
        assert known.hostile is None or known.hostile in MOVE_PTES.rules


def test_every_pair_of_the_design_is_there():
    legal = {(k.base, k.candidate) for k in KNOWN if k.hostile is None}
    refactors = {"refactor", "refactor_intended", "refactor_clear_new", "refactor_keep_old"}
    others = {"v4", *refactors}
    assert legal == {("pre_patch", name) for name in others} | {("v4", name) for name in refactors}
    assert {(k.base, k.candidate) for k in KNOWN if k.hostile == "destination-occupied"} >= {
        ("v4", "refactor_intended")
    }


@pytest.mark.parametrize(
    ("must", "may", "agrees"),
    [
        ({"write-gained", "write-lost"}, set(), True),
        ({"write-gained"}, {"write-lost"}, True),
        ({"write-gained"}, set(), False),  # found more than is known
        ({"write-gained", "write-lost", "crash"}, set(), False),  # found less
        (set(), {"write-gained", "write-lost"}, False),  # known not to differ
    ],
)
def test_agreement(must, may, agrees):
    verdict = check("pre_patch", "v4", arch="x86_64", max_examples=40, seed=1)
    assert set(verdict.kinds) == {"write-gained", "write-lost"}
    assert Known("pre_patch", "v4", frozenset(must), frozenset(may)).agrees(verdict) is agrees


def test_no_difference_and_inconclusive():
    verdict = check("v4", "v4", arch="x86_64", max_examples=5)
    assert Known("v4", "v4").agrees(verdict)
    assert not Known("v4", "v4", frozenset({"crash"})).agrees(verdict)
    assert not Known("v4", "v4").agrees(replace(verdict, verdict=INCONCLUSIVE, why="time is up"))


def test_the_review_gives_every_pair_its_verdict():
    rows = review_thread(MOVE_PTES, arch=None, max_examples=150, seed=3)
    assert [known for known, _ in rows] == list(KNOWN)
    for known, verdict in rows:
        assert (verdict.base, verdict.candidate, verdict.hostile) == (known.base, known.candidate, known.hostile)
        assert verdict.arches == ("x86_64", "arm64")
        assert known.agrees(verdict), (known, verdict.kinds)
