# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review exhaust` as a user runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review.harness.exhaust.state import load_state
from pte_review.harness.files.counterexample import read
from pte_review.harness.subjects import SUBJECTS
from tests.cli.conftest import Run
from tests.kit.golden import assert_golden
from tests.kit.interrupted import interrupted


@pytest.fixture(autouse=True)
def cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where progress is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder / "cache" / "pte-review"


def timeless(text: str) -> str:
    """Without seconds and rates."""
    return re.sub(r"in [\d.]+ s\s+\([\d,]+\s+a\s+second\)", "in 1.0 s (9 a second)", text)


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [
        ("equivalent", ("pre_patch", "v4_fixed", "--arch", "x86_64"), 0),
        ("arm64", ("v4", "refactor_intended", "--arch", "arm64", "--entries", "1"), 0),
        ("diverges", ("pre_patch", "v4", "--arch", "x86_64"), 1),
        ("fixes", ("v4", "v4_fixed", "--arch", "x86_64"), 0),
        ("shard", ("pre_patch", "v4_fixed", "--entries", "1", "--shard", "2/4", "--json", "s.json"), 3),
    ],
)
def test_what_it_prints(cli: Run, cache: Path, name: str, arguments: tuple[str, ...], status: int):
    done = cli("exhaust", *arguments, "--jobs", "2")
    assert done.status == status, done.err
    assert done.err == ""
    assert_golden(f"exhaust-{name}", timeless(done.out))
    assert list(cache.iterdir()) == []


def test_json_and_counterexamples(cli: Run, folder: Path):
    done = cli("exhaust", "pre_patch", "v4", "--arch", "x86_64", "--json", "v.json", "--save", "saved")
    assert done.status == 1
    data = json.loads((folder / "v.json").read_text())
    assert data["verdict"] == "diverges"
    assert data["tables"] == data["of"] == 10632
    assert data["counts"]["diverging"] + data["counts"]["equal"] + data["counts"]["allowed"] == 10632
    assert {one["kind"] for one in data["divergences"]} == {"write-gained", "write-lost"}
    for path in (folder / "saved").iterdir():
        assert read(path, SUBJECTS).candidate == "v4"
        assert cli("replay", str(path)).status == 1


def test_shards_merged(cli: Run):
    for i in (1, 2):
        arguments = ("--entries", "1", "--shard", f"{i}/2", "--json", f"{i}.json")
        assert cli("exhaust", "pre_patch", "v4_fixed", *arguments).status == 3
    part = cli("exhaust", "--merge", "1.json")
    assert part.status == 3
    assert "shards 2/2 are missing" in " ".join(part.out.split())
    both = cli("exhaust", "--merge", "1.json", "2.json", "--json", "both.json")
    assert both.status == 0
    assert "equivalent: pre_patch and v4_fixed on 1,163 tables" in both.out
    assert cli("exhaust", "--merge", "both.json").status == 0


def test_a_fix_is_one_only_when_every_table_was_run(cli: Run):
    for i in (1, 2):
        done = cli("exhaust", "v4", "v4_fixed", "--arch", "x86_64", "--shard", f"{i}/2", "--json", f"{i}.json")
        assert done.status == 3
        assert f"nothing new found in shard {i}/2" in " ".join(done.out.split())
    part = cli("exhaust", "--merge", "1.json")
    assert part.status == 3
    assert "nothing new found in" in " ".join(part.out.split())
    both = cli("exhaust", "--merge", "1.json", "2.json", "--json", "both.json")
    assert (both.status, both.err) == (0, "")
    data = json.loads(Path("both.json").read_text())
    assert (data["verdict"], data["fixed"], data["tables"]) == ("fixes", ["write-gained", "write-lost"], 10632)
    assert cli("exhaust", "v4_fixed", "v4", "--arch", "x86_64").status == 1


def test_where_base_ends_early_nothing_is_known_to_be_fixed(cli: Run):
    done = cli("exhaust", "refactor", "refactor_intended", "--arch", "x86_64", "--entries", "1")
    assert done.status == 3
    assert "where BASE ends early (unassigned-read) is compared with nothing" in " ".join(done.out.split())


def test_a_shard_without_a_file_is_kept(cli: Run, cache: Path, folder: Path):
    shard = ("exhaust", "pre_patch", "v4_fixed", "--entries", "1", "--shard", "2/4")
    assert "the same command with --json FILE writes what --merge takes" in " ".join(cli(*shard).out.split())
    (path,) = cache.iterdir()
    assert "going on after 278 of 278 tables" in cli(*shard, "--json", "s.json").out
    assert (folder / "s.json").exists()
    assert not path.exists()


@pytest.mark.parametrize("pieces", [1, 5])
def test_ctrl_c_and_on(cli: Run, cache: Path, pieces: int):
    """A process of its own, stopped after some pieces; the same command does the others."""
    command = ["exhaust", "v4", "refactor_intended", "--arch", "x86_64", "--shard", "1/4", "--jobs", "2"]
    command += ["--json", "s.json"]
    stopped = interrupted(pieces, *command)
    assert stopped.status == 130
    says = r"pte-review: stopped after [\d,]+ of [\d,]+ tables; the same command goes on from .*\n"
    assert re.fullmatch(says, stopped.err)
    (path,) = cache.glob("*.json")
    state = load_state(path)
    assert state is not None
    assert len(state.done) == pieces
    done = cli(*command)
    assert done.status == 3
    assert f"going on after {state.tables:,} of " in done.out
    assert not path.exists()


def test_a_crash_is_named_and_kept(cli: Run, port: Callable[[str], str], cache: Path):
    kill = "os.kill(os.getppid(), 9)"
    name = port(f"import os\n\ndef move_ptes(k, pmc, extent, old_pmd, new_pmd):\n    {kill}\n    return {kill}\n")
    done = cli("exhaust", "pre_patch", name, "--arch", "x86_64", "--entries", "1", "--jobs", "2")
    assert done.status == 3
    assert "its process died, and died again when it ran alone" in " ".join(done.out.split())
    assert list(cache.glob("*.json"))


ERRORS = """exhaust
exhaust pre_patch
exhaust pre_patch v4 v4
exhaust pre_patch v5
exhaust pre_patch v4 --entries 0
exhaust pre_patch v4 --entries 7
exhaust pre_patch v4 --arch arm
exhaust pre_patch v4 --contract exakt
exhaust pre_patch v4 --shard 5/4
exhaust pre_patch v4 --jobs 0
exhaust pre_patch v4 --json nowhere/v.json
exhaust --merge none.json
exhaust --merge cut.json
exhaust --merge other.json"""


def test_errors(cli: Run, folder: Path):
    (folder / "cut.json").write_text('{"format": "pte-rev')
    (folder / "other.json").write_text("{}")
    shown = []
    for line in ERRORS.splitlines():
        done = cli(*line.split())
        assert done.status == 2
        assert done.out == ""
        shown.append(f"$ pte-review {line}\n{done.err}")
    assert_golden("errors-exhaust", "".join(shown))
