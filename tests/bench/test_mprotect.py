# SPDX-License-Identifier: GPL-2.0-only
"""change_pte_range(): run time of its versions by workload and size, in named groups; what a scenario of it costs.

Figures are printed, never asserted. `pytest tests/bench/test_mprotect.py --benchmark-only --benchmark-autosave`, later
`--benchmark-compare`; the ledger of each version is in extra_info.
"""

from collections import deque
from itertools import islice
from typing import Any

import pytest

from pte_review.harness.costs.compare import measure
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.aim import fresh
from pte_review.harness.search.explore import explore
from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.change_pte_range.workloads import WORKLOADS
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native.tree_version import TreeVersion
from tests.kit.build import ARCHES
from tests.kit.trees import linux
from tests.subjects.change_pte_range.calls import load

VERSIONS = ("before_batching", "batching", "small_folios")
EXAMPLES = 200


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", [16, 512])
@pytest.mark.parametrize("workload", ["folio-64k", "order-0", "order-0-writable"])
@pytest.mark.parametrize("arch", ARCHES)
def test_version(benchmark: Any, arch: str, workload: str, size: int, version: str) -> None:
    benchmark.group = f"{workload}, {size} entries, {arch}"
    scenario, port = WORKLOADS[workload].scenario(arch, size), load(version)
    benchmark.extra_info.update(measure(port, WORKLOADS[workload], arch, size))
    assert benchmark(port.run, scenario).returned == size


@pytest.mark.parametrize("arch", ARCHES)
def test_explore(benchmark: Any, arch: str) -> None:
    """Generate, run two versions and compare."""
    benchmark.group = "explore"
    pair, contract = (load("before_batching"), load("batching")), CONTRACTS["folio-ad"]
    (tally,) = benchmark.pedantic(
        lambda: explore(CHANGE_PTE_RANGE, arch, [pair], contract, None, EXAMPLES, 0), rounds=3, warmup_rounds=1
    )
    assert tally.examples == EXAMPLES


@pytest.mark.parametrize("arch", ARCHES)
def test_generate(benchmark: Any, arch: str) -> None:
    benchmark.group = "generate"
    benchmark.pedantic(lambda: deque(islice(fresh(CHANGE_PTE_RANGE.recipe, arch, 0), EXAMPLES), 0), rounds=3)


@pytest.mark.parametrize("arch", ARCHES)
def test_c_in_a_child(benchmark: Any, arch: str) -> None:
    """The text of 7.2, its log followed by the machine, next to small_folios, which is its port."""
    benchmark.group = f"order-0, 16 entries, {arch}"
    tree = open_tree(linux("7.2"), BINDING.file)
    version = TreeVersion("tree", tree.label, "", BINDING.function, tree, BINDING)
    version.prepare([arch])
    assert benchmark(version.run, WORKLOADS["order-0"].scenario(arch, 16)).returned == 16
    version.close()
