# SPDX-License-Identifier: GPL-2.0-only
"""Ledgers against the cost table (5.3), the closed forms (5.4) and the claims (history 1 and 2)."""

import pytest

from pte_review.harness.costs.compare import measure
from pte_review.harness.costs.ledger import COUNTS, ledger
from pte_review.harness.costs.workload import HOLDS, IN_PART, NOT
from pte_review.harness.errors import UsageError
from pte_review.harness.subjects.move_ptes.claims import claims
from pte_review.harness.subjects.move_ptes.workloads import WORKLOADS
from pte_review.models.config import Config
from pte_review.models.legal import broken_rules
from pte_review.models.scenario_check import check
from tests.kit.moves import load, run

RAW = ("ptep-get-calls", "raw-reads", "exchanges", "stores", "folio-lookups")

# 5.3: calls | raw | X | S | vm_normal_folio, then contpte's own flushes
TABLE = {
    "block": ((16, 80, 48, 48, 0, 2), (1, 17, 16, 16, 1, 0)),  # S1
    "block-misaligned": ((16, 64, 32, 32, 0, 1), (1, 17, 16, 16, 1, 0)),  # S2
    "folio-128k": ((32, 160, 96, 96, 0, 4), (2, 34, 32, 32, 1, 0)),  # S3
    "start-mid-block": ((8, 41, 24, 24, 0, 1), (1, 18, 24, 24, 1, 1)),  # S4
    "end-mid-block": ((8, 40, 24, 24, 0, 1), (1, 19, 24, 24, 1, 1)),  # S5
    "first-of-block": ((1, 19, 17, 17, 0, 1), (1, 19, 17, 17, 0, 1)),  # S5b
    "order-0": ((16, 48, 16, 16, 0, 0), (16, 48, 16, 16, 15, 0)),  # S8
}


@pytest.mark.parametrize("workload", TABLE)
@pytest.mark.parametrize(("version", "column"), [("pre_patch", 0), ("v4", 1)])
def test_cost_table(workload: str, version: str, column: int) -> None:
    counted = measure(load(version), WORKLOADS[workload], "arm64")
    own = counted["unfolds"] + counted["folds"]
    assert (*(counted[name] for name in RAW), own) == TABLE[workload][column]
    assert counted["tlb-flushes"] == own + 1  # and the final one


@pytest.mark.parametrize("c", [16, 32, 128])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_closed_forms(c: int, blocks: int) -> None:  # 5.4
    order = c.bit_length() - 1
    from pte_review.harness.subjects.move_ptes.workloads import _folios

    config = Config(cont_ptes=c)
    for shift, old in ((0, (5, 3, 3, 2)), (1, (4, 2, 2, 1))):
        scenario = _folios(order, shift=shift)("arm64", config, c * blocks)
        before, after = (ledger(run(scenario, load(name)).events) for name in ("pre_patch", "v4"))
        raw, x, s, t = (factor * blocks for factor in old)
        assert (before["raw-reads"], before["exchanges"], before["stores"]) == (raw * c, x * c, s * c)
        assert before["unfolds"] + before["folds"] == t
        assert (after["raw-reads"], after["exchanges"], after["stores"]) == ((c + 1) * blocks, c * blocks, c * blocks)
        assert after["unfolds"] + after["folds"] == 0


@pytest.mark.parametrize("workload", WORKLOADS)
def test_fixed_v4_on_x86_has_the_raw_counts_of_pre_patch_and_the_hint_checks(workload: str) -> None:
    before, after = (measure(load(name), WORKLOADS[workload], "x86_64") for name in ("pre_patch", "v4_fixed"))
    same = ("ptep-get-calls", "raw-reads", "exchanges", "stores", "tlb-flushes", "flushed-pages", "folio-lookups")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["page-table-check-reads"] == before["page-table-check-reads"]
    assert (after["hint-checks"] > 0) == (workload != "first-of-block")
    assert after["primitive-calls"] == before["primitive-calls"] + after["hint-checks"]


@pytest.mark.parametrize("workload", ["block", "block-misaligned", "folio-128k", "folio-64k", "mremap-1m"])
def test_fixed_v4_keeps_the_gains_on_arm64_contpte_blocks(workload: str) -> None:
    patched, fixed = (measure(load(name), WORKLOADS[workload], "arm64") for name in ("v4", "v4_fixed"))
    for name in (*RAW, "unfolds", "folds", "tlb-flushes"):
        assert fixed[name] == patched[name]


def test_the_regression_comes_and_goes() -> None:
    versions = ("pre_patch", "v4", "v4_respect_write", "v4_batch_hint", "v4_fixed")
    assert [measure(load(name), WORKLOADS["order-0"], "x86_64")["folio-lookups"] for name in versions] == [
        0,
        15,
        15,
        0,
        0,
    ]


def test_debug_reads_are_counted_apart() -> None:
    scenario = WORKLOADS["order-0"].scenario("x86_64", config=Config(debug_vm=True, page_table_check=True))
    counted = ledger(run(scenario, load("pre_patch")).events)
    assert (counted["raw-reads"], counted["debug-vm-reads"], counted["page-table-check-reads"]) == (16, 16, 16)


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_workloads_are_legal_at_every_size(workload: str, arch: str) -> None:
    for size in (None, 1, 2, 15, 16, 17, 511, 512):
        scenario = WORKLOADS[workload].scenario(arch, size)
        check(scenario)
        assert broken_rules(scenario) == ()
        assert scenario.nr == (size or WORKLOADS[workload].size)


@pytest.mark.parametrize("size", [0, -1, 513])
def test_a_size_that_no_table_has(size: int) -> None:
    with pytest.raises(UsageError, match=f"size: expected 1 to 512 entries, got {size}"):
        WORKLOADS["block"].scenario("arm64", size)


def test_the_cover_letters_benchmark() -> None:  # history 1: 256 PTEs, 16 folios of 64K
    scenario = WORKLOADS["mremap-1m"].scenario("arm64")
    assert (scenario.nr, len(scenario.folios), {folio.order for folio in scenario.folios}) == (256, 16, {4})


def test_claims() -> None:
    assert [claim.verdict for claim in claims()] == [IN_PART, HOLDS, HOLDS, IN_PART, NOT]


def test_every_count_is_in_every_ledger() -> None:
    assert list(measure(load("pre_patch"), WORKLOADS["block"], "arm64")) == list(COUNTS)
