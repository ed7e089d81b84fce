# SPDX-License-Identifier: GPL-2.0-only
"""Shards' files merged: nothing lost, nothing twice, nothing mixed up."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.job import Job
from pte_review.harness.exhaust.merging import merged
from pte_review.harness.exhaust.result import conclude
from pte_review.harness.exhaust.shards import WHOLE, Shard
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.verdict import DIVERGES, EQUIVALENT, INCONCLUSIVE
from tests.kit.exhaust_jobs import job, run_all, serial

pytestmark = pytest.mark.slow

GOOD = job(candidate="v4_fixed", entries=2, size=200)
BAD = job(entries=2, size=200)


def shard(folder: Path, one: Job, which: Shard) -> Path:
    """The file of one shard."""
    path = folder / f"{one.candidate}-{one.contract}-{which.number}-{which.of}.json"
    path.write_text(json.dumps(conclude(*run_all(one, which)).to_json()), encoding="utf-8")
    return path


def shards(folder: Path, one: Job, of: int, numbers: Sequence[int] = ()) -> list[Path]:
    return [shard(folder, one, Shard(i, of)) for i in numbers or range(1, of + 1)]


@pytest.mark.parametrize(("one", "verdict"), [(GOOD, EQUIVALENT), (BAD, DIVERGES)])
def test_all_shards_are_the_whole(tmp_path: Path, one: Job, verdict: str):
    files = shards(tmp_path, one, 3)
    result = merged([files[2], files[0], files[1], files[0]], SUBJECTS)
    assert result.verdict.verdict == verdict
    assert result.tally == serial(one)
    whole = conclude(*run_all(one))
    assert result.verdict.divergences == whole.verdict.divergences


def test_a_shard_alone_is_never_equivalent(tmp_path: Path):
    path = shard(tmp_path, GOOD, Shard(2, 4))
    assert json.loads(path.read_text(encoding="utf-8"))["verdict"] == INCONCLUSIVE
    assert "no difference found in shard 2/4" in json.loads(path.read_text(encoding="utf-8"))["why"]


def test_missing_shards_are_named_and_can_be_merged_later(tmp_path: Path):
    one, two, three, four = shards(tmp_path, GOOD, 4)
    part = merged([one, three], SUBJECTS)
    assert part.verdict.verdict == INCONCLUSIVE
    assert "shards 2/4, 4/4 are missing" in part.verdict.why
    both = tmp_path / "part.json"
    both.write_text(json.dumps(part.to_json()), encoding="utf-8")
    assert merged([two, both, four], SUBJECTS).verdict.verdict == EQUIVALENT


def test_shards_of_different_counts(tmp_path: Path):
    halves, quarters = shards(tmp_path, GOOD, 2), shards(tmp_path, GOOD, 4)
    assert merged([halves[0], quarters[1], quarters[3]], SUBJECTS).tally == serial(GOOD)
    assert merged([*halves, *quarters], SUBJECTS).tally == serial(GOOD)
    thirds = shards(tmp_path, GOOD, 3, [1])
    with pytest.raises(UsageError, match="pieces are in other files too"):
        merged([halves[0], *thirds], SUBJECTS)


def test_the_whole_and_a_shard(tmp_path: Path):
    assert merged([shard(tmp_path, BAD, WHOLE), shard(tmp_path, BAD, Shard(1, 2))], SUBJECTS).tally == serial(BAD)


def test_files_that_do_not_belong_together(tmp_path: Path):
    good = shard(tmp_path, GOOD, Shard(1, 2))
    exact = job(candidate="v4_fixed", entries=2, size=200, contract="exact")
    for other, what in ((BAD, "pair"), (exact, "contract"), (job(candidate="v4_fixed", size=200), "entries")):
        folder = tmp_path / what
        folder.mkdir()
        with pytest.raises(UsageError, match=f"another {what} than in"):
            merged([good, shard(folder, other, Shard(2, 2))], SUBJECTS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "x"}, "expected what `pte-review exhaust --json` writes"),
        ({"version": 7}, "expected version 2, got 7"),
        ({"state": {}}, "shard.state.digest: expected a value"),
        ({"state": []}, "shard.state: expected an object"),
        ({"arches": ["s390"]}, "shard.arches: expected some of x86_64, arm64"),
        ({"entries": "many"}, "shard.entries: expected an integer"),
        ({"candidate": "v5"}, "no version 'v5'"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, change: dict[str, object], says: str):
    path = shard(tmp_path, GOOD, Shard(1, 20))
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        merged([path], SUBJECTS)
    assert says in str(raised.value)


def test_results_of_other_sources(tmp_path: Path):
    path = shard(tmp_path, GOOD, Shard(1, 20))
    data = json.loads(path.read_text(encoding="utf-8"))
    data["state"]["digest"] = "0" * 16
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(UsageError, match="made by another version"):
        merged([path], SUBJECTS)
