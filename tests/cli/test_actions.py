# SPDX-License-Identifier: GPL-2.0-only
"""Divergences with events from the command line: saved, replayed, pasted as a test; the same in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.ports import source

CHECK = ("check", "pre_patch", "port.py", "--max-examples", "500", "--seed", "1")


@pytest.fixture
def wrong_port(folder: Path) -> str:
    (folder / "port.py").write_text(source("flush after both locks"), encoding="utf-8")
    return "port.py"


@pytest.fixture
def saved(cli: Run, folder: Path, wrong_port: str) -> list[Path]:
    """The counterexamples that need events."""
    assert cli(*CHECK, "--save", "saved").status == 1
    paths = sorted((folder / "saved").glob("*.json"))
    return [path for path in paths if json.loads(path.read_text())["divergence"]["scenario"].get("actions")]


def test_saved_and_replayed(cli: Run, saved: list[Path]):
    assert "dirty-lost" in {path.stem.partition("64-")[2] for path in saved}
    for path in saved:
        again = cli("replay", str(path))
        assert again.status == 1
        assert "acts:  " in again.out
        events = json.loads(path.read_text())["divergence"]["scenario"]["actions"]
        assert again.out.count("acts:  ") == len(events) * again.out.count("reach: ")
        fixed = cli("replay", str(path), "--candidate", "v4_fixed")
        assert (fixed.status, "FIXED" in fixed.out) == (0, True)


def test_the_snippet_holds_the_events(cli: Run, saved: list[Path]):
    text = cli("replay", str(saved[0]), "--snippet").out
    assert "'actions': [{'actor': " in text
    compile(text[text.index("from hypothesis") :], "snippet", "exec")


def test_the_same_in_every_process(folder: Path, wrong_port: str):
    """String hashes differ between processes; nothing that is found or said does."""
    found = []
    for hash_seed in ("1", "4242"):
        name = f"{hash_seed}.json"
        command = [sys.executable, "-m", "pte_review", *CHECK, "--json", name]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, check=False
        )
        assert done.returncode == 1
        found.append({**json.loads((folder / name).read_text()), "seconds": 0})
    assert found[0] == found[1]
    assert any(d["scenario"].get("actions") for d in found[0]["divergences"])
