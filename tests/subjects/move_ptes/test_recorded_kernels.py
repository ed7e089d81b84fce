# SPDX-License-Identifier: GPL-2.0-only
"""Moves of four real kernels: pre_patch predicts all but two, on 6.17.8 arm64, which lost write permission.

That kernel is v4_batch_hint, which predicts the two as well; v4_fixed, its successor, does not.
"""

import gzip
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pte_review.harness.judging.tables import table_findings
from pte_review.harness.recordings.comparing import Mismatch
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.harness.subjects.move_ptes.recordings import calls as recorded_calls
from pte_review.harness.subjects.move_ptes.recordings.calls import calls
from pte_review.harness.subjects.move_ptes.recordings.folios import infer
from pte_review.harness.subjects.move_ptes.recordings.moves import mismatches
from pte_review.harness.subjects.move_ptes.recordings.recording import Record, read
from pte_review.models.call import Call
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Folio
from tests.kit.build import bits
from tests.kit.moves import as_move, load, run

RECORDED = Path(__file__).parents[2] / "data" / "recorded"
KERNELS = [
    ("linux-6.18.44-x86_64", 600, "6.18.44", "x86_64", False),
    ("linux-6.17.8-x86_64-softdirty", 205, "6.17.8", "x86_64", True),
    ("linux-6.17.8-arm64", 405, "6.17.8", "arm64", False),
    ("linux-6.17.13-arm64", 205, "6.17.13", "arm64", False),
]
BROKEN = "linux-6.17.8-arm64"
TWO = [(346, "write-lost", 209, 224), (381, "write-lost", 44, 59)]


def path(name: str) -> Path:
    return RECORDED / f"{name}.jsonl.gz"


@cache
def replayed(name: str, version: str = "pre_patch") -> tuple[tuple[Record, ...], tuple[Mismatch, ...]]:
    records = read(path(name))
    loaded = load(version)
    return tuple(records), tuple(m for n, record in enumerate(records, 1) for m in mismatches(n, record, loaded))


@pytest.mark.parametrize(("name", "count", "kernel", "arch", "soft_dirty"), KERNELS)
def test_every_record_is_read(name, count, kernel, arch, soft_dirty):
    records, _ = replayed(name)
    assert len(records) == count
    assert {(r.kernel, r.arch, r.soft_dirty) for r in records} == {(kernel, arch, soft_dirty)}


@pytest.mark.parametrize("version", ["pre_patch", "v4_fixed"])
@pytest.mark.parametrize("name", [name for name, *_ in KERNELS if name != BROKEN])
def test_the_loop_before_the_series_and_the_fixed_one_predict_every_record(name, version):
    assert replayed(name, version)[1] == ()


def places(version: str) -> list[tuple[int, str, int, int]]:
    return [(m.record, m.kind, m.first, m.last) for m in replayed(BROKEN, version)[1]]


@pytest.mark.parametrize("version", ["pre_patch", "v4_fixed"])
def test_the_two_records_of_6_17_8_on_arm64(version):
    assert places(version) == TWO
    for mismatch in replayed(BROKEN, version)[1]:
        assert "W" in mismatch.version.split()
        assert "W" not in mismatch.kernel.split()


def test_v4_with_the_batch_hint_check_predicts_them_and_all_others():
    assert replayed(BROKEN, "v4_batch_hint")[1] == ()


@pytest.mark.parametrize("number", [346, 381])
def test_it_predicts_the_two_entry_for_entry(number):
    """By the raw values, without the harness's own comparison."""
    for call in calls(replayed(BROKEN)[0][number - 1]):
        s = call.scenario
        outcome = run(s, load("v4_batch_hint"))
        moved = outcome.tables[-1][as_move(s).new_index : as_move(s).new_index + s.nr]
        assert list(map(masked, moved)) == list(map(masked, call.after))


def masked(pte: int) -> int:
    """What the README of the recordings says to mask of an arm64 entry."""
    if not pte & bits("arm64", "VALID"):
        return pte
    return pte & ~bits("arm64", "CONT AF DIRTY RDONLY" if pte & bits("arm64", "WRITE") else "CONT AF DIRTY")


@pytest.mark.parametrize(("order", "left"), [(0, TWO), (4, TWO), (5, TWO[1:]), (6, []), (8, [])])
def test_how_large_the_folios_of_the_two_records_must_be(monkeypatch, order, left):
    """Order 5 for record 346, 6 for record 381. The others are predicted with smaller folios too."""

    def smaller(*arguments: Any) -> dict[int, Folio]:
        return {pfn: _cut(pfn, folio, order) for pfn, folio in infer(*arguments).items()}

    monkeypatch.setattr(recorded_calls, "infer", smaller)
    records, shipped = replayed(BROKEN)[0], load("v4_batch_hint")
    found = [m for n, record in enumerate(records, 1) for m in mismatches(n, record, shipped)]
    assert [(m.record, m.kind, m.first, m.last) for m in found] == left


@pytest.mark.parametrize(("number", "page", "folio"), [(346, 209, Folio(0x45800, 8)), (381, 44, Folio(0x4B400, 9))])
def test_which_folios_are_inferred_for_the_two(number, page, folio):
    (call,) = (c for c in calls(replayed(BROKEN)[0][number - 1]) if 0 <= page - c.page < c.scenario.nr)
    s = call.scenario
    assert s.folio_of(s.words.pte_pfn(dict(as_move(s).old_table)[as_move(s).old_index + page - call.page])) == folio


def _cut(pfn: int, folio: Folio, order: int) -> Folio:
    return replace(folio, pfn=pfn & -(1 << order), order=order) if folio.order > order else folio


def test_what_the_kernel_left_breaks_the_reference_relation_in_the_two_records():
    """Judged as a run would be. Accessed and dirty are not: a running kernel ages pages between the two reads."""
    breaches: dict[int, list[tuple[str, int]]] = {}
    for number, record in enumerate(replayed(BROKEN)[0], 1):
        for call in calls(record):
            promise = MovePromise(call.scenario)
            for finding in table_findings(promise, left_by(call)):
                if finding.kind.partition("-")[0] not in ("young", "dirty"):
                    place = call.page + finding.entry - promise.wanted_range.first
                    breaches.setdefault(number, []).append((finding.kind, place))
    assert breaches == {
        346: [("write-lost", page) for page in range(209, 225)],
        381: [("write-lost", page) for page in range(44, 60)],
    }


def left_by(call: Call) -> Outcome:
    """What the recorded kernel left of one call: the old range is none, the new one as it was read."""
    s = call.scenario
    old, new = [0] * 512, [0] * 512
    for index, pte in as_move(s).old_table:
        old[index] = pte
    old[as_move(s).old_index : as_move(s).old_index + s.nr] = [0] * s.nr
    into = old if as_move(s).one_table else new
    into[as_move(s).new_index : as_move(s).new_index + s.nr] = call.after
    tables = (tuple(old),) if as_move(s).one_table else (tuple(old), tuple(new))
    return Outcome("returned", tables, (), 0)


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
            assert as_move(s).old_index + s.nr <= 512
            assert as_move(s).new_index + s.nr <= 512
