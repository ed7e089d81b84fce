# SPDX-License-Identifier: GPL-2.0-only
"""Pieces and shards: together everything, nothing twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.shards import WHOLE, Plan, Shard, piece_size, shard_from
from pte_review.harness.subjects.move_ptes.space import space
from tests.kit.build import ARCHES


@given(st.sampled_from(ARCHES), st.integers(1, 2), st.integers(1, 500), st.integers(1, 9))
def test_shards_are_everything_and_disjoint(arch: str, entries: int, size: int, of: int):
    plan = Plan(space(arch, entries), size)
    numbers = [number for i in range(of) for number in plan.numbers(Shard(i + 1, of))]
    assert sorted(numbers) == list(range(plan.pieces))
    covered = [(p.block, table) for p in map(plan.piece, numbers) for table in range(p.first, p.end)]
    assert len(covered) == len(set(covered)) == plan.cases == plan.cases_of(WHOLE)
    assert all(0 <= table < plan.space[block].cases for block, table in covered)
    assert sum(plan.cases_of(Shard(i + 1, of)) for i in range(of)) == plan.cases


def test_pieces_of_a_large_space_are_found_without_making_all():
    plan = Plan(space("x86_64", 6), 10_000)
    last = plan.piece(plan.pieces - 1)
    assert last.block == len(plan.space) - 1
    assert last.end == plan.space[-1].cases
    assert plan.first_case(last.block) + last.end == plan.cases


def test_small_spaces_are_cut_finer():
    assert piece_size(space("x86_64", 1), 10_000) == 200
    assert piece_size(space("x86_64", 4), 10_000) == 10_000


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1/1000000", "1/99999999999"])
def test_what_is_no_shard(text: str):
    with pytest.raises(UsageError, match="expected i/n"):
        shard_from(text)


def test_a_shard_as_text():
    assert shard_from("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"
