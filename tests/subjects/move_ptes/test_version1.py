# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples that the version before tables and ranges wrote: read, and the same divergence again."""

import json
from pathlib import Path
from typing import Any

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.files.counterexample import dumps, parse, read, replay
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.moves import as_move, load

FOLDER = Path(__file__).parents[2] / "data" / "counterexamples-v1"
FILES = sorted(FOLDER.glob("*.json"))
ONE = FOLDER / "pre_patch-v4-x86_64-write-gained.json"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_same_divergence(path: Path):
    saved = read(path, SUBJECTS)
    old = json.loads(path.read_text())["divergence"]
    again = replay(MOVE_PTES, saved, load(saved.base), load(saved.candidate))
    places = [(d.kind, d.by, d.at.table, d.at.entry, d.at.addr, d.summary) for d in again]
    at = old["at"]
    assert (old["kind"], old["by"], at["table"], at["entry"], at["addr"], old["summary"]) in places


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_number_arrives(path: Path):
    old = json.loads(path.read_text())["divergence"]["scenario"]
    scenario = read(path, SUBJECTS).divergence.scenario
    move = as_move(scenario)
    assert (move.old_addr, move.new_addr, move.extent) == (old["old_addr"], old["new_addr"], old["extent"])
    for name in ("old_table", "new_table"):
        assert [list(pair) for pair in getattr(move, name)] == old.get(name, [])
    for name in ("need_rmap_locks", "split_ptlocks", "old_maps", "new_maps"):
        assert getattr(move, name) == old.get(name, name != "need_rmap_locks")
    assert [(a.actor, a.range, a.slot) for a in scenario.actions] == [
        (event["actor"], event["table"], event["slot"]) for event in old.get("scheduled", [])
    ]


def test_it_is_written_as_the_version_of_today():
    saved = read(ONE, SUBJECTS)
    assert json.loads(dumps(saved))["version"] == 2
    assert parse(dumps(saved), "again", SUBJECTS) == saved


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("extent", 4097, "extent: expected a multiple of 4096 bytes"),
        ("extent", None, "extent: expected a multiple of 4096 bytes"),
        ("extent", 0, "ranges[0].nr: expected 1 to 512 entries"),
        ("old_addr", "0", "old_addr: expected a multiple of 4096 bytes"),
        ("new_addr", 1 << 57, "new_addr: expected a multiple of 4096 bytes below 2**57"),
        ("old_table", 5, "tables[0].entries: expected a list"),
        ("config", {"ptrs_per_pte": 0}, "config.ptrs_per_pte: expected a power of two"),
        ("config", {"ptrs_per_pte": 10**30}, "config.ptrs_per_pte: expected"),
        ("config", 5, "config: expected an object"),
        ("scheduled", [5], "actions[0]: expected an object"),
        ("scheduled", 5, "actions: expected a list"),
        ("tables", [], "tables: expected no such field"),
        ("colour", 5, "colour: expected one of the fields"),
    ],
)
def test_what_is_wrong(field: str, value: Any, says: str):
    data = json.loads(ONE.read_text())
    data["divergence"]["scenario"][field] = value
    with pytest.raises(UsageError) as raised:
        parse(json.dumps(data), "FILE", SUBJECTS)
    assert str(raised.value).startswith("FILE: counterexample.divergence.scenario.")
    assert says in str(raised.value)


def test_two_tables_under_one_pmd():
    data = json.loads(ONE.read_text())
    scenario = data["divergence"]["scenario"]
    scenario |= {"new_addr": scenario["old_addr"] + 0x8000, "new_table": [[8, 5]]}
    with pytest.raises(UsageError, match="new_table: expected no entries: both addresses lie under one PMD"):
        parse(json.dumps(data), "FILE", SUBJECTS)
