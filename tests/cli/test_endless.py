# SPDX-License-Identifier: GPL-2.0-only
"""Candidates that never end where no loop of theirs can be counted: stopped after some seconds of CPU time."""

from pathlib import Path

import pytest

from pte_review.models.watchdog import CPU_SECONDS
from tests.cli.conftest import Run

HEAD = "def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n"
ONE = ("--max-examples", "20", "--arch", "x86_64")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pte_review.models.watchdog.CPU_SECONDS", 0.2)
    assert CPU_SECONDS >= 1  # what users get: a run takes milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "import endless_helper\n" + HEAD + "    endless_helper.go()\n    return 0\n",
        "def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\n" + HEAD + "    return f(60)\n",
    ],
)
def test_it_is_no_progress(cli: Run, folder: Path, text: str) -> None:
    (folder / "endless_helper.py").write_text("def go():\n    while True:\n        pass\n")
    (folder / "port.py").write_text(text)
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "no-progress (high)" in done.out
    assert "seconds of CPU time" in done.out


def test_a_comprehension_is_counted(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text(HEAD + "    return sum(1 for _ in iter(int, 1))\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "loop passes" in done.out


def test_a_file_that_never_loads(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text("while True:\n    pass\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 2
    assert done.err.startswith("pte-review: port.py:1: does not import: ")


def test_a_version_that_changes_the_memory_behind_the_machines_back(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text(HEAD + "    k.memory.clear()\n    return 0\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "crash (high)" in done.out
