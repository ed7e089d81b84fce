# SPDX-License-Identifier: GPL-2.0-only
"""No version differs from itself, pre_patch breaks no rule and v4 with its fixes is as good: the soak in short."""

import pytest

from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from tests.kit.build import ARCHES
from tests.kit.draws import drawn
from tests.kit.moves import load, names, review, run
from tests.programs.soak.chunk import EXACT_EVERY, RIGHT, Chunk, alarms_of, label, plan
from tests.programs.soak.chunk import run as run_chunk

EXAMPLES = 300
# Under which contract two outcomes are compared does not change what the versions do: equal ones are equal in both.
OF_CONTRACT = {"folio-ad": EXAMPLES, "exact": 80}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("contract", OF_CONTRACT)
def test_no_version_differs_from_itself(arch, contract):
    pairs = [(name, load(name).filename) for name in names()]
    for verdict in review(pairs, arch=arch, contract=contract, max_examples=OF_CONTRACT[contract]):
        assert alarms_of(verdict) == []
        assert verdict.exercised["action"] > OF_CONTRACT[contract] / 10


@pytest.mark.parametrize("arch", ARCHES)
def test_v4_with_its_fixes_is_what_the_loop_before_was(arch):
    (verdict,) = review([RIGHT], arch=arch, max_examples=EXAMPLES)
    assert alarms_of(verdict) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_pre_patch_breaks_no_rule(arch):
    pre_patch = load("pre_patch")
    for scenario in drawn(arch)[:EXAMPLES]:
        assert findings_of(MovePromise(scenario), run(scenario, pre_patch)) == []


def test_every_version_has_its_turn_under_both_contracts():
    seen = {"folio-ad": set(), "exact": set()}
    for number in range(EXACT_EVERY * len(names())):
        contract, pairs = plan(number)
        copies = [base for base, candidate in pairs if str(candidate) == load(base).filename]
        seen[contract] |= set(copies)
        assert set(copies) >= set(RIGHT)
        assert len(copies) + (RIGHT in pairs) == len(pairs)
        assert (RIGHT in pairs) == (contract == "folio-ad")
    assert seen == {"folio-ad": set(names()), "exact": set(names())}


def test_a_chunk_says_what_ran():
    result = run_chunk(Chunk("arm64", 0, 40))
    assert result.examples == 40
    assert result.alarms == []
    assert 0 < result.acted < 40
    assert result.ran["pre_patch -> v4_fixed, folio-ad"] == result.ran["v4_fixed -> itself, folio-ad"] == 40
    assert len(result.ran) == len(plan(0)[1])


def test_an_alarm_is_a_picture():
    (verdict,) = review([("pre_patch", "v4")], arch="x86_64", max_examples=60)
    alarms = alarms_of(verdict)
    assert "write-gained" in alarms[0]
    assert alarms[0].endswith("x86_64, contract folio-ad, seed 0")
    assert len([alarm for alarm in alarms if "breaks a rule" not in alarm]) == len(verdict.divergences) > 0


def test_a_rule_that_both_copies_of_a_right_version_break_is_an_alarm():
    (verdict,) = review([("v4", load("v4").filename)], arch="x86_64", max_examples=60)
    assert verdict.divergences == ()
    assert any(shared.kind == "write-gained" for shared in verdict.shared)
    assert label(verdict) == "v4 -> itself"
    assert alarms_of(verdict) == []
    object.__setattr__(verdict, "base", "v4_fixed")
    assert any("v4_fixed breaks a rule: write-gained" in alarm for alarm in alarms_of(verdict))
