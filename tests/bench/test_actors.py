# SPDX-License-Identifier: GPL-2.0-only
"""What actions of others cost: nothing where a scenario has none, because its machine has never heard of them."""

from dataclasses import replace

import pytest

from pte_review.models.machine.fresh import ACTED, KERNELS
from pte_review.models.scenario import Folio
from tests.kit.actions import action
from tests.kit.build import ARCHES, pages, scenario
from tests.kit.moves import load, run

ACTIONS = {
    "no action": (),
    "no action, the machine that has them": (),
    "one action": (action("write", "old 3", "old 3 2"),),
    "three actions": (
        action("write", "old 3", "call"),
        action("mkclean", "new 3", "unlocked", 2),
        action("write", "old 3", "returned"),
    ),
}


@pytest.mark.benchmark(group="actions of others")
@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", ACTIONS)
def test_run(benchmark, monkeypatch, arch, name):
    old = pages(arch, 0, 0x1000, ["WA"] * 64)
    what = scenario(arch, old, at=(0, 0, 64), folios=(Folio(0x1000, 6, True, ((0, 64),)),))
    what = replace(what, actions=ACTIONS[name])
    if name.endswith("that has them"):  # for comparison: what everybody would pay
        monkeypatch.setitem(KERNELS, arch, ACTED[arch])
    assert benchmark(run, what, load("pre_patch")).returned == 0
