# SPDX-License-Identifier: GPL-2.0-only
"""Moves of four real kernels: pre_patch predicts all but two, on 6.17.8 arm64, which lost write permission."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.files.recording import Mismatch, Record, calls, mismatches, read
from models.variants import load
from tests.models.build import bits

RECORDED = Path(__file__).parents[1] / "data" / "recorded"
KERNELS = [
    ("linux-6.18.44-x86_64", 600, "6.18.44", "x86_64", False),
    ("linux-6.17.8-x86_64-softdirty", 205, "6.17.8", "x86_64", True),
    ("linux-6.17.8-arm64", 405, "6.17.8", "arm64", False),
    ("linux-6.17.13-arm64", 205, "6.17.13", "arm64", False),
]
BROKEN = "linux-6.17.8-arm64"


def path(name: str) -> Path:
    return RECORDED / f"{name}.jsonl.gz"


@cache
def replayed(name: str, variant: str = "pre_patch") -> tuple[tuple[Record, ...], tuple[Mismatch, ...]]:
    records = read(path(name))
    loaded = load(variant)
    return tuple(records), tuple(m for n, record in enumerate(records, 1) for m in mismatches(n, record, loaded))


@pytest.mark.parametrize(("name", "count", "kernel", "arch", "soft_dirty"), KERNELS)
def test_every_record_is_read(name, count, kernel, arch, soft_dirty):
    records, _ = replayed(name)
    assert len(records) == count
    assert {(r.kernel, r.arch, r.soft_dirty) for r in records} == {(kernel, arch, soft_dirty)}


@pytest.mark.parametrize("name", [name for name, *_ in KERNELS if name != BROKEN])
def test_pre_patch_predicts_every_record(name):
    assert replayed(name)[1] == ()


def test_the_two_records_of_6_17_8_on_arm64():
    found = [(m.record, m.kind, m.first, m.last) for m in replayed(BROKEN)[1]]
    assert found == [(346, "write-lost", 209, 224), (381, "write-lost", 44, 59)]
    first = replayed(BROKEN)[1][0]
    assert "W" in first.variant.split()
    assert "W" not in first.kernel.split()


def raw(name: str) -> list[dict[str, Any]]:
    with gzip.open(path(name), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def entries(runs: list[list[int]]) -> list[int]:
    return [first + i * step for first, count, step in runs for i in range(count)]


def test_the_write_bit_alone_says_the_same():
    """Without the harness: which pages had PTE_WRITE before and not after the move."""
    lost: dict[int, list[int]] = {}
    for number, record in enumerate(raw(BROKEN), 1):
        pairs = zip(entries(record["before"]), entries(record["after"]), strict=False)
        for page, (before, after) in enumerate(pairs):
            if before & 1 and (before ^ after) & bits("arm64", "WRITE"):
                lost.setdefault(number, []).append(page)
    assert lost == {346: list(range(209, 225)), 381: list(range(44, 60))}


@pytest.mark.parametrize("name", [name for name, *_ in KERNELS])
def test_the_recordings_cover_what_get_extent_does(name):
    """Shrinking, growing and DONTUNMAP moves occur, and moves of several page tables."""
    records, _ = replayed(name)
    assert any(r.new_pages < r.pages for r in records)
    assert any(r.new_pages > r.pages for r in records)
    assert any(r.mremap_flags & 4 for r in records)
    assert any(len(list(calls(r))) > 1 for r in records)


def test_no_call_crosses_a_page_table():
    for record in replayed(BROKEN)[0]:
        for call in calls(record):
            s = call.scenario
            assert s.old_index + s.nr <= 512
            assert s.new_index + s.nr <= 512
