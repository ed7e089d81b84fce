# SPDX-License-Identifier: GPL-2.0-only
"""The command line as a user runs it: in an empty folder, as a process of its own, or in this one where many run."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pte_review.harness.cli.main import main
from tests.kit.changes import NOTHING
from tests.kit.done import Done, Run
from tests.kit.kernel_text import children, left_since, make_patch, make_tree, snapshot
from tests.kit.trees import ROOT

__all__ = ["Done", "Run"]

SIGNATURE = "def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder that every test here works in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def process() -> Run:
    """`pte-review` in a process of its own."""

    def run(*arguments: str) -> Done:
        command = [sys.executable, "-m", "pte_review", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    """The same call in this process."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def port(folder: Path) -> Callable[[str], str]:
    """Writes port.py: the body of move_ptes(), or a whole file if it has a `def move_ptes`."""

    def write(text: str) -> str:
        body = "".join(f"    {line}\n" for line in text.splitlines())
        (folder / "port.py").write_text(text if "move_ptes" in text else SIGNATURE + body, encoding="utf-8")
        return "port.py"

    return write


@pytest.fixture
def kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree, a patch for it, a temporary folder, and our own code in processes."""
    make_tree()
    make_patch("fix.patch", NOTHING)
    (folder / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def refused(folder: Path, cli: Run) -> Run:
    """Runs a command that must be refused, and leave nothing, and returns what it said."""

    def run(*arguments: str, how: Run = cli) -> Done:
        before, running = snapshot(folder), children()
        done = how(*arguments)
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith("pte-review: ")
        assert "Traceback" not in done.err
        assert snapshot(folder) == before
        assert left_since(running) == set()
        return done

    return run
