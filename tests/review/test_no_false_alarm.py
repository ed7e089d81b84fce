# SPDX-License-Identifier: GPL-2.0-only
"""No version of either function differs from itself, and right ones are as good as their base: the soak in short."""

import pytest

from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.verdict import NO_DIFFERENCE
from tests.kit.build import ARCHES
from tests.kit.draws import drawn
from tests.kit.moves import load, names, review, run
from tests.programs.soak.chunk import Chunk, plan
from tests.programs.soak.chunk import run as run_chunk
from tests.programs.studied import STUDIES

EXAMPLES = 300
# Under which contract two outcomes are compared does not change what the versions do: equal ones are equal in both.
OF_CONTRACT = {"folio-ad": EXAMPLES, "exact": 80}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", OF_CONTRACT)
def test_no_version_differs_from_itself(arch, contract):
    pairs = [(name, load(name).filename) for name in names()]
    for verdict in review(pairs, arch=arch, contract=contract, max_examples=OF_CONTRACT[contract]):
        assert verdict.verdict == NO_DIFFERENCE
        assert verdict.exercised["action"] > OF_CONTRACT[contract] / 10


@pytest.mark.parametrize("arch", ARCHES)
def test_v4_with_its_fixes_is_what_the_loop_before_was(arch):
    (verdict,) = review([("pre_patch", "v4_fixed")], arch=arch, max_examples=EXAMPLES)
    assert verdict.verdict == NO_DIFFERENCE


@pytest.mark.parametrize("arch", ARCHES)
def test_pre_patch_breaks_no_rule(arch):
    pre_patch = load("pre_patch")
    for scenario in drawn(arch)[:EXAMPLES]:
        assert findings_of(MovePromise(scenario), run(scenario, pre_patch)) == []


@pytest.mark.parametrize(
    ("subject", "pair"),
    [("move_ptes", "pre_patch -> v4_fixed"), ("change_pte_range", "mprotect/before_batching -> mprotect/batching")],
)
def test_a_chunk_says_what_ran(subject, pair):
    result = run_chunk(Chunk(subject, "arm64", 0, 40))
    assert (result.examples, result.alarms) == (40, [])
    assert 0 < result.acted < 40
    assert result.ran[f"{pair}, folio-ad"] == 40
    assert len(result.ran) == len(plan(STUDIES[subject], 0)[1])
