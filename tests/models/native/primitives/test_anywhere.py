# SPDX-License-Identifier: GPL-2.0-only
"""Every probe anywhere in generated and in wild tables: the Python primitives leave what the tree's leave."""

from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from pte_review.models.arch import ARCHES
from pte_review.models.codec import SchemaError
from pte_review.models.legal import ONLY_ON, RULES
from tests.models.native.primitives.probe import Pair, Probe
from tests.models.native.primitives.tables import accompanied, anywhere, generated, wild


@pytest.mark.parametrize("which", Probe, ids=lambda which: which.name.lower())
@pytest.mark.parametrize("arch", ARCHES)
def test_in_legal_tables(pair: Pair, arch: str, which: Probe) -> None:
    random = Random(which)
    for scenario in generated(arch, 250, 1):
        for _ in range(2):
            pair.agreed(anywhere(scenario, which, random))


@pytest.mark.parametrize("which", Probe, ids=lambda which: which.name.lower())
@pytest.mark.parametrize("arch", ARCHES)
def test_in_wild_tables(pair: Pair, arch: str, which: Probe) -> None:
    random = Random(which)
    exercised: Counter[str] = Counter()
    for _ in range(400):
        outcome = pair.agreed(anywhere(wild(arch, random), which, random))
        exercised.update(outcome.exercised)
    if arch == "arm64":
        changes = {Probe.GET_AND_CLEAR, Probe.CLEAR, Probe.CLEAR_BATCH, Probe.SET_EACH, Probe.MOVE_BATCH, Probe.REWRITE}
        assert exercised["unfold"] > 20 or which not in changes
        assert exercised["fold"] > 5 or which not in {Probe.SET_EACH, Probe.REWRITE}


@pytest.mark.parametrize("rule", RULES)
def test_in_hostile_tables(pair: Pair, rule: str) -> None:
    random = Random(rule)
    for arch in [ONLY_ON[rule]] if rule in ONLY_ON else ARCHES:
        for scenario in generated(arch, 60, 2, rule):
            for which in Probe:
                pair.agreed(anywhere(scenario, which, random))


@pytest.mark.parametrize("arch", ARCHES)
def test_while_others_act(pair: Pair, arch: str) -> None:
    random, compared = Random(0), 0
    for scenario in accompanied(arch, 350, 5):
        for which in Probe:
            with suppress(SchemaError):  # an event's place, from the old range on, is in no table there
                pair.agreed(anywhere(scenario, which, random))
                compared += 1
    assert compared > 500
