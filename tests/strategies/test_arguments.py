# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios are made: by architecture and rule, and what is said of names that do not exist."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.strategies.move_ptes import RECIPE, scenarios


def found(**arguments):
    """The architectures that occur."""
    seen = set()

    @settings(max_examples=60, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(scenarios(**arguments))
    def collect(scenario):
        seen.add(scenario.arch)

    collect()
    return seen


def test_architectures():
    assert found() == found(arch=None) == found(arch=["x86_64", "arm64"]) == {"x86_64", "arm64"}
    assert found(arch="arm64") == found(arch=("arm64",)) == {"arm64"}
    assert found(arch="x86_64") == {"x86_64"}


def test_rules_of_one_architecture():
    assert found(hostile="malformed-cont") == found(arch="arm64", hostile="malformed-cont") == {"arm64"}
    assert found(hostile="dirty-read-only") == {"x86_64"}
    assert found(hostile="overlap") == {"x86_64", "arm64"}


@pytest.mark.parametrize("name", ["s390", "", "X86_64"])
@pytest.mark.parametrize("wrap", [str, lambda name: [name], lambda name: ["arm64", name]])
def test_unknown_architecture(name, wrap):
    with pytest.raises(ValueError, match=f"^arch: expected one of x86_64, arm64, got {name!r}$"):
        scenarios(wrap(name))


def test_unknown_rule():
    assert set(RECIPE.breakers) == set(MOVE_PTES.rules)
    with pytest.raises(ValueError, match=f"^hostile: expected one of {', '.join(RECIPE.breakers)}, got 'shape'$"):
        scenarios(hostile="shape")


@pytest.mark.parametrize(
    ("arch", "rule", "only"), [("x86_64", "malformed-cont", "arm64"), ("arm64", "dirty-read-only", "x86_64")]
)
def test_rule_that_the_architecture_does_not_have(arch, rule, only):
    with pytest.raises(ValueError, match=f"^hostile: {rule!r} can only be broken on {only}$"):
        scenarios(arch, rule)


def test_the_result_is_a_strategy():
    assert isinstance(scenarios(), st.SearchStrategy)
