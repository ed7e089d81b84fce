# SPDX-License-Identifier: GPL-2.0-only
"""What a move costs on arm64 before the patch and with v4: the table of 5.3, row by row."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import calls, move, page, pages, scenario
from tests.kit.costs import Cost, blocks, cost

SMALL = scenario(  # S8: any PFNs
    "arm64",
    {i: page("arm64", pfn, "WDA") for i, pfn in enumerate([0x300, 0x301, 0x302, 0x20F, *range(0x400, 0x40C)])},
    at=(0, 0, 16),
    folios=tuple(Folio(pfn) for pfn in (0x20F, 0x300, 0x301, 0x302, *range(0x400, 0x40C))),
)

TABLE = {  # 5.3: scenario, (a) pre-patch, (b) v4
    "S1 one block": (blocks(0, 1, at=(0, 0, 16)), (16, 80, 48, 48, 2, 0, 16), (1, 17, 16, 16, 0, 1, 16)),
    "S2 off by 1": (blocks(0, 1, at=(0, 1, 16)), (16, 64, 32, 32, 1, 0, 0), (1, 17, 16, 16, 0, 1, 0)),
    "S2 off by 8": (blocks(0, 1, at=(0, 8, 16)), (16, 64, 32, 32, 1, 0, 0), (1, 17, 16, 16, 0, 1, 0)),
    "S3 two blocks": (blocks(0, 2, 2, at=(0, 0, 32)), (32, 160, 96, 96, 4, 0, 32), (2, 34, 32, 32, 0, 1, 32)),
    "S4 entries 8-15": (blocks(0, 1, at=(8, 8, 8)), (8, 41, 24, 24, 1, 0, 0), (1, 18, 24, 24, 1, 1, 0)),
    "S5 entries 0-7": (blocks(0, 1, at=(0, 0, 8)), (8, 40, 24, 24, 1, 0, 0), (1, 19, 24, 24, 1, 1, 0)),
    "S5b entry 0": (blocks(0, 1, at=(0, 0, 1)), (1, 19, 17, 17, 1, 0, 0), (1, 19, 17, 17, 1, 0, 0)),
    "S8 order 0": (SMALL, (16, 48, 16, 16, 0, 0, 0), (16, 48, 16, 16, 0, 15, 0)),
}


@pytest.mark.parametrize(("what", "before", "after"), TABLE.values(), ids=TABLE)
def test_cost_table(what, before, after):
    assert cost(move("pre_patch", what)) == Cost(*before)
    assert cost(move("v4", what)) == Cost(*after)


@pytest.mark.parametrize(("what", "before", "after"), TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("version", ["refactor", "refactor_intended", "refactor_keep_old", "refactor_clear_new"])
def test_the_refactors_present_path_costs_what_v4_does(what, before, after, version):
    assert cost(move(version, what)) == Cost(*after)


@pytest.mark.parametrize(("version", "reads"), [("pre_patch", 66), ("v4", 3)])
def test_with_the_short_circuit_of_6_17(version, reads):
    what = blocks(0, 1, at=(0, 0, 16), contpte_get_stops_early=True)  # 5.4, entry 0 dirty and young
    assert cost(move(version, what)).reads == reads


def test_the_claim_of_16_times_fewer_ptep_get_calls():
    """5.4: literally true, but the old-table scan goes from 32 reads to 17."""
    what = blocks(0, 1, at=(0, 0, 16))
    before, after = move("pre_patch", what), move("v4", what)
    assert cost(before).ptep_get == 16 * cost(after).ptep_get
    scans = []
    for outcome in (before, after):
        events = outcome.events
        starts = [i for i, event in enumerate(events) if event[0] == "ptep_get"]
        scans.append(0)
        for start in starts:
            while events[start + 1][0] == "R":
                start += 1
                scans[-1] += 1
    assert scans == [32, 17]


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_a_plain_large_folio_takes_as_many_ptep_get_calls_as_before(arch):
    entries = pages(arch, 0, 0x200, ["WDA"] * 16)
    what = scenario(arch, entries, at=(0, 1, 16), folios=(Folio(0x200, 4),))
    assert [calls(move(version, what), "ptep_get") for version in ("pre_patch", "v4")] == [16, 16]


def test_block_flushes_lie_where_5_4_says():
    """(a) unfolds the old block and folds the new one: two for each aligned block."""
    what = blocks(0, 1, at=(0, 16, 16))
    assert [event for event in move("pre_patch", what).events if event[0] == "T"] == [
        ("T", 0x4000_0000, 0x4001_0000),
        ("T", 0x8001_0000, 0x8002_0000),
        ("T", 0x4000_0000, 0x4001_0000),  # the final one
    ]
