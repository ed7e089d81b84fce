# SPDX-License-Identifier: GPL-2.0-only
"""Tallies add up in any order, and come back from JSON as they were."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.exhaust.tally import (
    COUNTS,
    Example,
    KindCount,
    SavedTally,
    SpaceTally,
    merge,
    saved_tally,
    tally_of,
)
from pte_review.models.codec import from_json, to_json

counts = st.integers(0, 10**9)
by_name = st.dictionaries(st.sampled_from(["dirty-gained", "young-gained", "batch"]), counts)
kinds = st.tuples(st.sampled_from(["write-gained", "dirty-lost"]), st.sampled_from(["base", "candidate"]))
founds = st.builds(KindCount, st.integers(1, 10**9), st.builds(Example, st.integers(0, 9), counts, counts))
tallies = st.builds(
    SpaceTally,
    **dict.fromkeys(COUNTS, counts),
    allowed_kinds=by_name,
    exercised=by_name,
    by_kind=st.dictionaries(kinds, founds),
    why=st.sampled_from(["", "k.a is not modelled", "k.b is not modelled"]),
    slow=st.booleans(),
)


@given(tallies, tallies, tallies)
def test_merging_is_associative_and_commutative(a: SpaceTally, b: SpaceTally, c: SpaceTally):
    assert merge(a, merge(b, c)) == merge(merge(a, b), c)
    assert merge(a, b) == merge(b, a)
    assert merge(a, SpaceTally()) == a


@given(tallies)
def test_json(tally: SpaceTally):
    saved = to_json(saved_tally(tally), whole=True)
    assert tally_of(from_json(SavedTally, json.loads(json.dumps(saved)), "tally")) == tally


def test_the_smallest_table_is_kept():
    few, early = KindCount(2, Example(1, 9, 9)), KindCount(3, Example(2, 0, 0))
    kind = ("write-gained", "candidate")
    both = merge(SpaceTally(by_kind={kind: early}), SpaceTally(by_kind={kind: few}))
    assert both.by_kind[kind] == KindCount(5, Example(1, 9, 9))
