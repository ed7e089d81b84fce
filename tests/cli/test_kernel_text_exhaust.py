# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review exhaust tree tree+patch` as a user runs it: in C, whole, in shards, on Dask, and stopped in between."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pte_review.harness.exhaust.job import ready
from tests.cli.conftest import Run
from tests.kit.changes import NOTHING, SMEAR
from tests.kit.interrupted import interrupted
from tests.kit.kernel_text import PAIR, make_patch

pytestmark = pytest.mark.usefixtures("kernel")
X86 = ("--arch", "x86_64", "--jobs", "2")
SMEARED = ("--tree", "batching", "--patch", "smear.patch")


@pytest.fixture(autouse=True)
def cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where progress is kept. A process of its own has nothing loaded."""
    ready.cache_clear()
    make_patch("smear.patch", SMEAR)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    yield folder / "cache" / "pte-review"
    ready.cache_clear()


def numbers(path: str) -> dict[str, object]:
    """The --json file, without what is a matter of how it was run."""
    data = json.loads(Path(path).read_text())
    state = data.pop("state")
    tallies = {arch: {k: v for k, v in tally.items() if k != "slow"} for arch, tally in state["tallies"].items()}
    return {key: data[key] for key in ("verdict", "tables", "counts", "exercised", "changed", "digest")} | tallies


def test_equivalent(cli: Run, cache: Path):
    done = cli("exhaust", *PAIR, "--tree", "batching", "--patch", "fix.patch", "--jobs", "2")
    assert (done.status, done.err) == (0, "")
    assert "equivalent: tree and tree+patch on 33,016 tables, contract folio-ad" in done.out
    assert list(cache.iterdir()) == []


def test_diverges(cli: Run):
    done = cli("exhaust", *PAIR, *SMEARED, *X86, "--json", "v.json", "--save", "saved")
    assert (done.status, done.err) == (1, "")
    data = json.loads(Path("v.json").read_text())
    assert (data["base"], data["candidate"], data["tree"], data["patches"]) == (*PAIR, "batching", ["smear.patch"])
    assert data["tables"] == data["of"] == 10632
    assert {one["kind"] for one in data["divergences"]} == {"write-gained", "write-lost"}
    for path in map(str, Path("saved").iterdir()):
        assert f"saved {path}; again: pte-review replay {path} --tree batching --patch smear.patch; " in done.out
        assert cli("replay", path, *SMEARED).status == 1
        assert cli("replay", path, "--tree", "batching", "--patch", "fix.patch").status == 0


def test_a_port_and_a_tree_run_in_python(cli: Run):
    done = cli("exhaust", "v4_fixed", "tree", "--tree", "batching", *X86, "--entries", "1")
    assert (done.status, done.err) == (0, "")
    assert "equivalent: v4_fixed and tree on 368 tables" in done.out


def test_shards_merged_are_the_whole(cli: Run):
    for i in (1, 2):
        shard = ("--shard", f"{i}/2", "--json", f"{i}.json")
        assert cli("exhaust", *PAIR, *SMEARED, *X86, *shard).status in (1, 3)
    whole = cli("exhaust", *PAIR, *SMEARED, *X86, "--json", "whole.json")
    both = cli("exhaust", "--merge", "1.json", "2.json", "--json", "both.json")
    assert (both.status, both.err) == (whole.status, "") == (1, "")
    assert numbers("both.json") == numbers("whole.json")


def test_shards_of_another_patch_are_not_merged(cli: Run):
    Path("p.patch").write_text(Path("smear.patch").read_text())
    arguments = ("exhaust", *PAIR, "--tree", "batching", "--patch", "p.patch", *X86, "--entries", "1")
    cli(*arguments, "--shard", "1/2", "--json", "1.json")
    make_patch("p.patch", NOTHING)
    ready.cache_clear()
    cli(*arguments, "--shard", "2/2", "--json", "2.json")
    done = cli("exhaust", "--merge", "1.json", "2.json")
    assert done.status == 2
    assert "2.json: another sources (digest) than in 1.json" in done.err


def test_on_dask(cli: Run):
    pytest.importorskip("distributed")
    done = cli("exhaust", *PAIR, *SMEARED, "--arch", "x86_64", "--jobs", "1", "--dask", "local", "--json", "v.json")
    assert (done.status, done.err) == (1, "")
    assert json.loads(Path("v.json").read_text())["counts"]["diverging"] > 0


def test_stopped_and_on_is_the_same(cli: Run, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing runs on behind a stop: interrupted() comes back when the last process has ended."""
    monkeypatch.setenv("PTE_REVIEW_CACHE", str(cache.parent / "compiled"))  # one stopped while it compiles litters
    arguments = ["exhaust", *PAIR, *SMEARED, "--arch", "arm64", "--jobs", "2", "--entries", "3", "--shard", "1/3"]
    stopped = interrupted(4, *arguments, "--json", "s.json")
    assert stopped.status == 130, stopped.err
    says = r"pte-review: stopped after [\d,]+ of [\d,]+ tables; the same command goes on from .*\n"
    assert re.fullmatch(says, stopped.err)
    done = cli(*arguments, "--json", "on.json")
    assert "going on after " in done.out
    cli(*arguments, "--json", "whole.json", "--restart")
    assert numbers("on.json") == numbers("whole.json")
