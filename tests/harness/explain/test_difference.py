# SPDX-License-Identifier: GPL-2.0-only
"""Two final states as plain decoded data: each thing that differs by name, BASE's value, CANDIDATE's."""

import pytest

from pte_review.harness.explain.difference import difference, state
from tests.kit.build import ARCHES, NEW
from tests.kit.outcomes import FOLIO, left, moving, page

pytestmark = pytest.mark.parametrize("arch", ARCHES)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("W", (("new[1].write", "False", "True"),)),
        ("WD", (("new[1].dirty", "False", "True"), ("new[1].write", "False", "True"))),
        ("A", (("new[1].young", "False", "True"),)),
        ("", ()),
    ],
)
def test_bits(arch, flags, told):
    s = moving(arch, ["W", ""])
    assert difference(s, left(s), left(s, {1: page(arch, FOLIO + 1, flags)})) == told


def test_entries_outside_the_range_are_told_too(arch):
    s = moving(arch, ["W", ""])
    told = {what: (a, b) for what, a, b in difference(s, left(s), left(s, {7: page(arch, 0x105, "W")}))}
    assert told["new[7].kind"] == ("none", "present")


def test_the_run_itself(arch):
    s = moving(arch, ["W", ""])
    other = left(s, ended="crash", returned=None, warnings=("w",), stale=(NEW,), bugs=("b",))
    told = {what.partition("[")[0].partition(".")[0] for what, _, _ in difference(s, left(s), other)}
    assert told == {"ended", "returned", "warnings", "stale", "page_table_check"}


def test_only_what_matters_is_in_a_state(arch):
    s = moving(arch, ["W", ""])
    assert set(state(s, left(s), left(s))["entries"]) == {"old[0]", "old[1]", "new[0]", "new[1]"}
