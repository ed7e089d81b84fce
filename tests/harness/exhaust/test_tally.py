# SPDX-License-Identifier: GPL-2.0-only
"""Tallies add up in any order, and come back from JSON as they were."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pte_review.harness.exhaust.tally import COUNTS, Example, Found, Tally, merge, tally_from_json

counts = st.integers(0, 10**9)
by_name = st.dictionaries(st.sampled_from(["dirty-gained", "young-gained", "batch"]), counts)
kinds = st.tuples(st.sampled_from(["write-gained", "dirty-lost"]), st.sampled_from(["base", "candidate"]))
founds = st.builds(Found, st.integers(1, 10**9), st.builds(Example, st.integers(0, 9), counts, counts))
tallies = st.builds(
    Tally,
    **dict.fromkeys(COUNTS, counts),
    allowed_kinds=by_name,
    exercised=by_name,
    found=st.dictionaries(kinds, founds),
    why=st.sampled_from(["", "k.a is not modelled", "k.b is not modelled"]),
    slow=st.booleans(),
)


@given(tallies, tallies, tallies)
def test_merging_is_associative_and_commutative(a: Tally, b: Tally, c: Tally):
    assert merge(a, merge(b, c)) == merge(merge(a, b), c)
    assert merge(a, b) == merge(b, a)
    assert merge(a, Tally()) == a


@given(tallies)
def test_json(tally: Tally):
    assert tally_from_json(json.loads(json.dumps(tally.to_json()))) == tally


def test_the_smallest_table_is_kept():
    few, early = Found(2, Example(1, 9, 9)), Found(3, Example(2, 0, 0))
    kind = ("write-gained", "candidate")
    assert merge(Tally(found={kind: early}), Tally(found={kind: few})).found[kind] == Found(5, Example(1, 9, 9))
