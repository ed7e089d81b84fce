# SPDX-License-Identifier: GPL-2.0-only
"""Workloads and claims: counts that follow from the rules of contpte (5.2), by hand."""

import pytest

from pte_review.harness.costs.compare import measure
from pte_review.harness.costs.workload import HOLDS, IN_PART, UNSEEN
from pte_review.harness.subjects.change_pte_range.claims import claims
from pte_review.harness.subjects.change_pte_range.workloads import WORKLOADS
from pte_review.models.config import Config
from pte_review.models.legal import broken_rules
from pte_review.models.scenario_check import check
from tests.kit.build import ARCHES
from tests.subjects.change_pte_range.calls import kinds, load, run

# arm64: ptep_get() calls | raw reads | exchanges | stores | folio look-ups | contpte's own flushes, as for moves (5.3):
# the first entry gathers (17), its exchange reads and unfolds the block, every other entry reads 1 three times (the
# look, the exchange, the store), and the last store folds (16).
TABLE = {
    "block": ((16, 80, 48, 48, 0, 2), (1, 17, 16, 16, 1, 0)),
    "block-writable": ((16, 80, 48, 48, 16, 2), (1, 17, 16, 16, 1, 0)),
    "order-0": ((16, 48, 16, 16, 0, 0), (16, 48, 16, 16, 16, 0)),
}
RAW = ("ptep-get-calls", "raw-reads", "exchanges", "stores", "folio-lookups")


@pytest.mark.parametrize("workload", TABLE)
@pytest.mark.parametrize(("version", "column"), [("before_batching", 0), ("batching", 1), ("small_folios", 1)])
def test_cost_table(workload, version, column):
    counted = measure(load(version), WORKLOADS[workload], "arm64")
    own = counted["unfolds"] + counted["folds"]
    assert (*(counted[name] for name in RAW), own) == TABLE[workload][column]
    assert (counted["tlb-flushes"], counted["flushed-pages"]) == (own + 1, 16)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_workloads_are_legal_and_run_right(arch, workload):
    for size in (1, WORKLOADS[workload].size, 512):
        scenario = WORKLOADS[workload].scenario(arch, size, Config())
        check(scenario)
        assert broken_rules(scenario) == ()
        assert scenario.nr == size
        for version in ("before_batching", "batching"):
            assert kinds(scenario, run(scenario, version)) == []


def test_sub_batches_commit_one_by_one():
    counted = measure(load("batching"), WORKLOADS["block-shared"], "x86_64")
    assert (counted["batched-entries"], counted["batch-scans"]) == (0, 1)


def test_claims():
    """The figures follow from 5.2 and 5.3, as those of TABLE do."""
    assert [claim.verdict for claim in claims()] == [HOLDS, HOLDS, IN_PART, HOLDS, HOLDS, UNSEEN]
    reads, flushes, calls, overhead, small, speedup = claims()
    assert "16 -> 1 calls, 80 -> 17 entries read" in reads.counted
    assert "1 unfolds and 1 folds -> 0 and 0" in flushes.counted
    assert "exchanged 64 -> 64" in calls.but
    assert overhead.claimed.startswith('"this does not cause any extra overhead"')
    assert "folio look-ups 0 -> 16" in small.counted
    assert "16 -> 16" in small.but
    assert "64 -> 64" in speedup.counted
