# SPDX-License-Identifier: GPL-2.0-only
"""`record` and `live`: what they write, what they print, what they refuse."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from pte_review.harness.cli import record as record_cli
from pte_review.harness.live.compare import Compared
from pte_review.harness.live.record import Recording
from pte_review.harness.releases import Release
from pte_review.harness.reports.live import live_table, recorded_summary
from pte_review.harness.subject import Replayed
from tests.cli.conftest import Run
from tests.kit.golden import assert_golden
from tests.kit.recorder import recorded_here
from tests.kit.release import needs_named_click

MISSING = ("raw entries: not root", "swap entries: no swap (/proc/swaps)")


@needs_named_click
@pytest.mark.parametrize("command", ["record", "live"])
def test_help(cli: Run, command: str):
    assert_golden(f"help-{command}", cli(command, "--help").out)


@pytest.mark.parametrize("name", ["made.jsonl", "made.jsonl.gz"])
def test_what_is_recorded_replays(cli: Run, folder: Path, name: str):
    recorded_here()
    done = cli("record", "--moves", "20", "--seed", "4", "-o", name)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("20 records of Linux ")
    assert [path.name for path in folder.iterdir()] == [name]
    replayed = cli("replay", name)
    assert replayed.status == 0
    assert "pre_patch predicts 20 of 20 records" in replayed.out


def test_without_a_file_records_go_to_standard_output(cli: Run, folder: Path):
    recorded_here()
    done = cli("record", "--moves", "3", "--seed", "4")
    assert done.out.count("\n") == 3
    assert done.err.startswith("3 records of Linux ")
    assert list(folder.iterdir()) == []


def test_live_on_this_machine(cli: Run):
    recorded_here()
    done = cli("live", "pre_patch", "--on", "host", "--moves", "20", "--seed", "4")
    assert done.status == 0
    assert "|       20 |" in done.out
    assert "no tree" in done.out


def test_a_version_with_a_bug_is_told_from_this_kernel(cli: Run):
    """It leaves swap entries and markers in the old range, which stays mapped with MREMAP_DONTUNMAP."""
    recorded_here()
    done = cli("live", "refactor_keep_old", "--on", "host", "--moves", "60", "--seed", "1")
    assert done.status == 1
    assert "refactor_keep_old predicts" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["record", "--moves", "0"], "--moves: expected 1 to 1,000,000, got 0"),
        (["record", "--moves", "1000001"], "--moves: expected 1 to 1,000,000, got 1000001"),
        (["record", "--seed", "-1"], "--seed -1: expected 0 to 2**63-1"),
        (["record", "-o", "a.json"], "-o a.json: expected a name that ends in .jsonl or .jsonl.gz, which replay reads"),
        (["record", "-o", "none/a.jsonl"], "-o none/a.jsonl: expected a file in a folder that exists"),
        (["record", "--arch", "arm64"], "--arch is of a kernel to boot: expected --on KERNEL"),
        (["record", "--on", "./none"], "none: no such kernel image"),
        (["live", "pre_patch"], "Missing option '--on'."),
        (["live", "pre_patc", "--on", "host"], "no version 'pre_patc' of move_ptes(): did you mean pre_patch?"),
        (["live", "tree", "--on", "host"], "'tree' is the text of a kernel tree: give --tree, the folder of one"),
        (["live", "tree+patch", "--on", "host"], "'tree+patch': no kernel runs it; expected a version or 'tree'"),
        (["live", "pre_patch", "--on", "host", "--moves", "0"], "--moves: expected 1 to 1,000,000, got 0"),
    ],
)
def test_refused(cli: Run, folder: Path, arguments: list[str], says: str):
    done = cli(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"pte-review: {says}")
    assert done.err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_a_file_that_is_there_stays_where_recording_fails(cli: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(record_cli, "record", fails)
    path = folder / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"precious"))
    assert cli("record", "-o", "a.jsonl.gz").status == 2
    assert gzip.decompress(path.read_bytes()) == b"precious"


def made(kernel: str, arch: str, **changes: object) -> Recording:
    values = {"text": "", "records": 1000, "missing": (), "subset": "", "seconds": 61.25, **changes}
    return Recording(kernel, arch, **values)  # type: ignore[arg-type]


def test_what_is_said():
    rows = [
        Compared(
            made("6.18.44", "x86_64", missing=MISSING, subset="pagemap"),
            Release(Path("linux-6.18"), "6.18.15"),
            Replayed("", 1000, 0),
            Replayed("", 1000, 0),
        ),
        Compared(
            made("6.17.8+deb13-cloud-arm64", "arm64"),
            Release(Path("linux-6.17"), "6.17.8"),
            Replayed("", 1000, 0),
            Replayed("  pre_patch predicts 998 of 1000 records\n  record 82, pages 16-47: write-gained\n", 1000, 2),
        ),
        Compared(made("6.16.12", "x86_64"), None, None, Replayed("", 1000, 0)),
    ]
    text = recorded_summary(rows[0].recording, 7) + "\n\n"
    texts_alone = [replace(row, version=None) for row in rows[:2]]
    assert_golden("live", text + live_table("pre_patch", rows) + "\n" + live_table(None, texts_alone))
