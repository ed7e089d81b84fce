# SPDX-License-Identifier: GPL-2.0-only
"""Run time of the versions by workload and size, in named groups, the ledger of each in extra_info.

`pytest tests/bench/test_versions.py --benchmark-only --benchmark-autosave`, later `--benchmark-compare`.
"""

from typing import Any

import pytest

from pte_review.harness.costs.compare import measure
from pte_review.harness.costs.ledger import ledger
from pte_review.harness.subjects.move_ptes.workloads import WORKLOADS
from tests.kit.moves import load, run

VERSIONS = ("pre_patch", "v4", "v4_fixed")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", [16, 512])
@pytest.mark.parametrize("workload", ["folio-64k", "order-0"])
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_version(benchmark: Any, arch: str, workload: str, size: int, version: str) -> None:
    benchmark.group = f"{workload}, {size} entries, {arch}"
    scenario, version = WORKLOADS[workload].scenario(arch, size), load(version)
    benchmark.extra_info.update(measure(version, WORKLOADS[workload], arch, size))
    assert benchmark(run, scenario, version).returned == 0


@pytest.mark.parametrize("with_ledger", [False, True], ids=["run", "run and ledger"])
@pytest.mark.parametrize("workload", ["block", "mremap-1m"])
def test_what_a_ledger_costs(benchmark: Any, workload: str, with_ledger: bool) -> None:
    """At most a quarter of the run's time: compare the two rows of a group."""
    benchmark.group = f"ledger, {workload}, arm64"
    scenario, version = WORKLOADS[workload].scenario("arm64"), load("pre_patch")

    def once() -> int:
        outcome = run(scenario, version)
        return len(ledger(outcome.events)) if with_ledger else 0

    benchmark(once)
