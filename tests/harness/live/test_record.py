# SPDX-License-Identifier: GPL-2.0-only
"""The recorder as a process: what of its output is taken, and what is said where it does not end well."""

import json
import sys
from pathlib import Path

import pytest

from pte_review.harness.live import record as recording
from pte_review.harness.live.compare import tree_of
from pte_review.harness.live.errors import LiveError
from pte_review.harness.live.record import KIT, OF_KIT, record
from pte_review.harness.progress import Progress
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.live import live_kernel
from tests.kit.moves import load
from tests.toy.subject import WRPROTECT

LINE = json.dumps({"kernel": "6.18.0", "arch": "x86_64", "missing": ["swap entries: no swap"]})


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Record with a Python script in the place of the program."""

    def made(script: str, records: int = 2, listen=lambda _: None):
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\nLINE = {LINE!r}\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(recording, "static_program", lambda *_, **__: path)
        return record(MOVE_PTES, None, records=records, seed=7, listen=listen)

    return made


def test_the_arguments_and_what_is_taken(program):
    made = program("assert sys.argv[1:] == ['2', '7'], sys.argv\nprint(LINE)\nprint(LINE)")
    assert (made.kernel, made.arch, made.records) == ("6.18.0", "x86_64", 2)
    assert (made.missing, made.subset) == (("swap entries: no swap",), "")
    assert made.text == f"{LINE}\n{LINE}\n"


def test_progress_counts_records(program):
    heard: list[Progress] = []
    program("print(LINE, flush=True)\ntime.sleep(0.2)\nprint(LINE)", listen=heard.append)
    assert heard[0] == Progress("recording on this machine", 0, 2)
    assert heard[-1] == Progress("recording on this machine", 2, 2)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("print(LINE)", "the recorder made 1 of 2 records"),
        ("print(LINE)\nprint(LINE[:-1])", "the recorder's output is not whole: JSONDecodeError"),
        ("print('{}')\nprint('{}')", "the recorder's output is not whole: KeyError: 'kernel'"),
        ("print('[]')\nprint('[]')", "the recorder's output is not whole: TypeError"),
        ("pass", "the recorder's output is not whole: IndexError"),
        ("os.write(1, b'\\xff')", "the recorder's output is not whole: UnicodeDecodeError"),
        ("print('no pagemap', file=sys.stderr)\nsys.exit(2)", "this machine: no pagemap"),
        ("print(LINE)\nprint(LINE)\nsys.exit(3)", "this machine: the recorder ended with status 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "this machine: the recorder ended with status 139"),
        ("os.kill(os.getpid(), signal.SIGALRM)", "this machine: a system call of the recorder did not return"),
    ],
)
def test_what_is_not_whole_is_not_kept(program, script, says):
    with pytest.raises(LiveError) as error:
        program(script)
    assert str(error.value).startswith(says)


def test_a_subject_that_nothing_records():
    with pytest.raises(LiveError, match="nothing records it on a running kernel"):
        record(WRPROTECT, None, records=1, seed=0)


def test_every_file_of_the_kit_is_a_part_of_the_program():
    assert {f"{name}.c" for name in OF_KIT} | {"init.c"} == {path.name for path in KIT.glob("*.c")}


@pytest.mark.parametrize(("subject", "call"), [(MOVE_PTES, "mremap.c"), (CHANGE_PTE_RANGE, "protect.c")])
def test_every_file_of_a_subject_is_a_part_of_the_program(subject, call):
    """Or the call of a reproducer."""
    sources = subject.recordings.sources
    assert {*sources, sources[0].with_name(call)} == set(sources[0].parent.glob("*.c"))


# -- the tree of a kernel


@pytest.mark.parametrize(
    ("kernel", "number"),
    [
        ("6.18.15+deb13-cloud-amd64", "6.18.15"),
        ("6.18.44-fc-v669", "6.18.15"),  # of the same series
        ("6.18.1", "6.18.15"),
        ("6.1.15", None),
        ("7.3.4", "7.3.4"),
        ("7.3-cloud", "7.3.4"),
        ("7.30.4", None),
    ],
)
def test_the_tree_of_a_kernel(tmp_path, kernel, number):
    folders = []
    for text in ("6.18.15", "7.3.4", "6.12.117"):
        version, level, sub = text.split(".")
        folder = tmp_path / text
        folder.mkdir()
        (folder / "Makefile").write_text(f"VERSION = {version}\nPATCHLEVEL = {level}\nSUBLEVEL = {sub}\n")
        folders.append(folder)
    found = tree_of(kernel, folders)
    assert (found.number if found else None) == number


# -- guests


@pytest.mark.slow
def test_the_kernel_that_shipped_the_bug_is_predicted_by_the_version_that_it_shipped(tmp_path):
    """tests/data/recorded/live/ has moves that show the bug; which of a new run do is the scheduler's."""
    kernel = live_kernel("6.17.8", "arm64")
    made = record(MOVE_PTES, kernel, records=60, seed=1)
    assert (made.kernel, made.arch, made.missing) == (kernel.release, "arm64", ())
    path = tmp_path / "made.jsonl"
    path.write_text(made.text)
    assert MOVE_PTES.recordings is not None
    shipped = MOVE_PTES.recordings.replay(path, load("v4_batch_hint"))
    assert (shipped.records, shipped.otherwise) == (60, 0), shipped.text


@pytest.mark.slow
def test_a_guest_without_time_is_said_with_its_last_lines(monkeypatch):
    monkeypatch.setattr(recording, "BOOT_SECONDS", 4.0)
    monkeypatch.setattr(recording, "SECONDS_EACH", 0.0)
    with pytest.raises(LiveError, match=r"does not boot|did not end") as error:
        record(MOVE_PTES, live_kernel("6.17.8", "arm64"), records=5000, seed=1)
    assert len(error.value.details) <= 12
