# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review exhaust` as a user runs it."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review.harness.files.counterexample import read
from tests.cli.conftest import Run
from tests.golden import assert_golden


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
    assert data["tables"] == data["of"] == 9912
    assert data["counts"]["diverging"] + data["counts"]["equal"] + data["counts"]["allowed"] == 9912
    assert {one["kind"] for one in data["divergences"]} == {"write-gained", "write-lost"}
    for path in (folder / "saved").iterdir():
        assert read(path).candidate == "v4"
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
    assert "equivalent: pre_patch and v4_fixed on 1,067 tables" in both.out
    assert cli("exhaust", "--merge", "both.json").status == 0


def test_a_shard_without_a_file_is_kept(cli: Run, cache: Path, folder: Path):
    shard = ("exhaust", "pre_patch", "v4_fixed", "--entries", "1", "--shard", "2/4")
    assert "the same command with --json FILE writes what --merge takes" in " ".join(cli(*shard).out.split())
    (path,) = cache.iterdir()
    assert "going on after 258 of 258 tables" in cli(*shard, "--json", "s.json").out
    assert (folder / "s.json").exists()
    assert not path.exists()


def test_ctrl_c_and_on(cache: Path, monkeypatch: pytest.MonkeyPatch):
    """A process of its own, stopped once it has done something; the same command ends what is left."""
    command = [sys.executable, "-m", "pte_review.harness.cli", "exhaust", "v4", "refactor_intended", "--jobs", "2"]
    command += ["--entries", "3", "--arch", "x86_64", "--shard", "1/6", "--json", "s.json"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not list(cache.glob("*.json")):
        time.sleep(0.05)
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert re.fullmatch(r"pte-review: stopped after [\d,]+ of [\d,]+ tables; the same command goes on from .*\n", err)
    (path,) = cache.glob("*.json")
    before = len(json.loads(path.read_text())["done"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3
    assert ("going on after " in done.stdout) == bool(before)
    assert not path.exists()


def test_a_crash_is_named_and_kept(cli: Run, port: Callable[[str], str], cache: Path):
    name = port("import os\n\ndef move_ptes(k, pmc, extent, old_pmd, new_pmd):\n    os._exit(1)\n")
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
