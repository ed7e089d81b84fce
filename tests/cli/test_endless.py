# SPDX-License-Identifier: GPL-2.0-only
"""Candidates that never end where no loop of theirs can be counted: stopped by a timer of CPU time."""

import signal
from pathlib import Path

import pytest

from pte_review.models.watchdog import CPU_SECONDS, watched
from tests.cli.conftest import Run

HEAD = "def move_ptes(k, pmc, extent, old_pmd, new_pmd):\n"
ONE = ("--max-examples", "20", "--arch", "x86_64")


UP = "signal.raise_signal(signal.SIGPROF)"  # what the watchdog's timer does when the time is up


@pytest.mark.parametrize(
    "text",
    [
        "import endless_helper\n" + HEAD + "    endless_helper.go()\n    return 0\n",
        f"import signal\ndef f(n):\n    n or {UP}\n    return f(n - 1) + f(n - 1)\n{HEAD}    return f(60)\n",
        f"import signal\n{HEAD}    try:\n        {UP}\n    except BaseException:\n        return 0\n",
    ],
)
def test_it_is_no_progress(cli: Run, folder: Path, text: str) -> None:
    (folder / "endless_helper.py").write_text(f"import signal\ndef go():\n    while True:\n        {UP}\n")
    (folder / "port.py").write_text(text)
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "no-progress (high)" in done.out
    assert f"more than {CPU_SECONDS} seconds of CPU time" in " ".join(done.out.split())


def test_the_timer_that_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of CPU time, set for each run, rings again should the run swallow it, and is off behind the run."""
    timers: list[tuple[object, ...]] = []
    monkeypatch.setattr(signal, "setitimer", lambda *arguments: timers.append(arguments))
    before = signal.getsignal(signal.SIGPROF)
    with watched():
        assert timers == [(signal.ITIMER_PROF, CPU_SECONDS, 0.5)]
        assert signal.getsignal(signal.SIGPROF) != before
    assert timers[1:] == [(signal.ITIMER_PROF, 0)]
    assert signal.getsignal(signal.SIGPROF) == before


def test_a_comprehension_is_counted(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text(HEAD + "    return sum(1 for _ in iter(int, 1))\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "loop passes" in done.out


def test_a_file_that_never_loads(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text(f"import signal\nwhile True:\n    {UP}\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 2
    assert done.err.startswith("pte-review: port.py:3: does not import: OutOfTime: ")


def test_a_version_that_changes_the_memory_behind_the_machines_back(cli: Run, folder: Path) -> None:
    (folder / "port.py").write_text(HEAD + "    k.memory.clear()\n    return 0\n")
    done = cli("check", "pre_patch", "port.py", *ONE)
    assert done.status == 1
    assert "crash (high)" in done.out
