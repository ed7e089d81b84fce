# SPDX-License-Identifier: GPL-2.0-only
"""Moves that `pte-review record` made in guests, of 1,000 with seed 1 on each kernel.

Of 6.17.8 on arm64 the first 60, and all that the loop before the series does not predict: that kernel shipped v4. Of
7.3.4 on x86_64 the first 40, and some with hints of NUMA balancing, hwpoison entries and poison markers.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import read
from tests.kit.build import bits
from tests.kit.moves import load

RECORDED = Path(__file__).parents[2] / "data" / "recorded" / "live"
BROKEN, NEWEST = "linux-6.17.8-arm64", "linux-7.3.4-x86_64"
WRITE = bits("arm64", "WRITE")


def path(name: str) -> Path:
    return RECORDED / f"{name}.jsonl.gz"


@cache
def raw(name: str) -> list[dict[str, Any]]:
    with gzip.open(path(name), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def entries(runs: list[list[int]]) -> list[int]:
    return [first + i * step for first, count, step in runs for i in range(count)]


def places(name: str, version: str) -> list[tuple[int, str, int, int]]:
    """Number of the move, kind, first and last page of what is not predicted."""
    loaded = load(version)
    found = [(r.number, m) for r in read(path(name)) for m in mismatches(1, r, loaded)]
    return [(number, m.kind, m.first, m.last) for number, m in found]


@cache
def changed() -> list[tuple[int, str, int, int]]:
    """The same, out of the raw values alone: stretches of pages whose write bit is another after the move."""
    stretches: list[tuple[int, str, int, int]] = []
    for record in raw(BROKEN):
        for page, (before, after) in enumerate(zip(entries(record["before"]), entries(record["after"]), strict=False)):
            if not before & 1 or not (before ^ after) & WRITE:
                continue
            kind = "write-gained" if after & WRITE else "write-lost"
            if stretches and stretches[-1][:2] == (record["number"], kind) and stretches[-1][3] == page - 1:
                stretches[-1] = (*stretches[-1][:3], page)
            else:
                stretches.append((record["number"], kind, page, page))
    return stretches


def test_the_kernel_that_shipped_the_bug_shows_it():
    kinds = [kind for _, kind, *_ in changed()]
    assert (kinds.count("write-gained"), kinds.count("write-lost")) == (1, 8)


@pytest.mark.parametrize("version", ["pre_patch", "v4_fixed", "v7_3"])
def test_right_versions_predict_all_but_these(version):
    assert places(BROKEN, version) == changed()


def test_the_version_that_it_shipped_predicts_them_too():
    assert places(BROKEN, "v4_batch_hint") == []


@pytest.mark.parametrize("version", ["pre_patch", "v4_fixed", "v7_3"])
def test_the_newest_release_is_predicted(version):
    assert places(NEWEST, version) == []


def test_states_that_only_a_booted_kernel_is_brought_into():
    names = {step[0] for record in raw(NEWEST) for step in record["steps"]}
    assert {"NUMA hints", "MADV_HWPOISON", "poison"} <= names
    assert {tuple(record["missing"]) for record in raw(NEWEST)} == {()}
