# SPDX-License-Identifier: GPL-2.0-only
"""How the process ends that could not do its work: never with a status that says something of a version."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pte_review.harness.cli import check as check_command
from pte_review.harness.cli import endings
from pte_review.harness.cli import thread as thread_command
from tests.cli.conftest import Run
from tests.kit.trees import ROOT

OURS = 70  # EX_SOFTWARE
MISTAKE = re.compile(r"pte-review: a mistake of pte-review itself, please report it with (\S+): (\w+):.*\n")
NOBODY_READS = 128 + 13  # SIGPIPE
PTE_REVIEW = (sys.executable, "-m", "pte_review")


@pytest.mark.parametrize(
    "mistake", [KeyError("x"), RecursionError("deep"), SystemExit(0), SystemExit(1), GeneratorExit(), MemoryError()]
)
@pytest.mark.parametrize("command", [("check", "v4", "v4"), ()])
def test_a_mistake_of_ours(cli: Run, monkeypatch: pytest.MonkeyPatch, mistake: BaseException, command: tuple[str, ...]):
    def broken(*_: object, **__: object) -> None:
        raise mistake

    monkeypatch.setattr(check_command, "review", broken)
    monkeypatch.setattr(thread_command, "review_thread", broken)
    done = cli(*command)
    assert done.status == OURS
    match = MISTAKE.fullmatch(done.err)
    assert match
    report = Path(match[1]).read_text()
    Path(match[1]).unlink()
    assert "Traceback (most recent call last):" in report
    assert match[2] == type(mistake).__name__


def test_a_mistake_on_a_disk_that_is_full(cli: Run, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def broken(*_: object, **__: object) -> None:
        raise KeyError("x\x1b[2J")

    monkeypatch.setattr(endings.tempfile, "mkstemp", full)
    monkeypatch.setattr(check_command, "review", broken)
    done = cli("check", "v4", "v4")
    assert done.status == OURS
    assert done.err == "pte-review: a mistake of pte-review itself, please report it: KeyError: 'x\\x1b[2J'\n"


def test_ctrl_c(cli: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "review", interrupted)
    done = cli("check", "v4", "v4")
    assert (done.status, done.err) == (130, "pte-review: interrupted\n")


def test_an_installation_that_is_broken(folder: Path):
    """A module that cannot be imported, as a process of its own would meet it."""
    (folder / "click.py").write_text("raise ImportError('no click here')\n")
    done = subprocess.run(
        PTE_REVIEW, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == OURS
    assert "no click here" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["list", "--help", "check --help", "check v4 v4 --max-examples 1"])
def test_nobody_reads(command: str):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PTE_REVIEW, *command.split()], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (NOBODY_READS, "")


def test_a_disk_that_is_full():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PTE_REVIEW, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "pte-review: output: No space left on device\n")


@pytest.mark.parametrize(
    ("closed", "command", "status"), [(">&-", "list", 0), ("2>&-", "chek", 2), (">&- 2>&-", "list", 0)]
)
def test_closed_streams(closed: str, command: str, status: int):
    shell = f'exec "$@" {command} {closed}'
    done = subprocess.run(["/bin/sh", "-c", shell, "sh", *PTE_REVIEW], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (status, False)


def test_text_that_the_terminal_cannot_show(folder: Path):
    (folder / "port.py").write_text(
        "def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n    raise ValueError('\\udcff\\u2603')\n"
    )
    command = [*PTE_REVIEW, "check", "pre_patch", "port.py", "--max-examples", "2", "--arch", "x86_64"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "ValueError: \\udcff\\u2603" in " ".join(done.stdout.split())
