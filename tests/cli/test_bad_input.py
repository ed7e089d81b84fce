# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong with a call or a file: exit status 2, one clear line, no traceback, nothing written or overwritten."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import SIGNATURE, Done, Run
from tests.kit.records import record
from tests.kit.saved import data, with_field


def assert_refused(done: Done, says: str) -> None:
    assert done.status == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("pte-review: ")
    assert says in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("check prepatch v4", "no version 'prepatch' of move_ptes(): did you mean pre_patch?"),
        (
            "check pre_patch refactor_intend",
            "no version 'refactor_intend' of move_ptes(): did you mean refactor_intended",
        ),
        ("check pre_patch zzz", "no version 'zzz' of move_ptes(): versions: pre_patch, v4,"),
        ("check pre_patch v4 --arch x86", "no architecture 'x86': did you mean x86_64?"),
        ("check pre_patch v4 --arch riscv", "no architecture 'riscv': expected one of x86_64, arm64"),
        ("check pre_patch v4 --contract exakt", "no contract 'exakt': did you mean exact?"),
        (
            "check pre_patch v4 --hostile destination",
            "no hostile rule of move_ptes() 'destination': did you mean destination-occupied?",
        ),
        ("check pre_patch v4 --hostile malformed-cont --arch x86_64", "can only be broken on arm64, not on x86_64"),
        ("check pre_patch v4 --json -", "--json -: expected the name of a file: standard output has the report"),
        ("check pre_patch v4 --mail -", "--mail -: expected the name of a file: standard output has the report"),
        ("check pre_patch v4 --max-examples 0", "examples: expected 1 to 100,000,000, got 0"),
        ("check pre_patch v4 --max-examples -7", "examples: expected 1 to 100,000,000, got -7"),
        ("check pre_patch v4 --max-examples 1000000000000000000000", "examples: expected 1 to 100,000,000, got 1000"),
        ("check pre_patch v4 --max-examples many", "'many' is not a valid integer"),
        ("check pre_patch v4 --seed 1.5", "'1.5' is not a valid integer"),
        ("check pre_patch v4 --json nowhere/v.json", "--json nowhere/v.json: expected a file in a folder that exists"),
        ("check pre_patch v4 --json .", "--json .: expected a file in a folder that exists"),
        ("check pre_patch v4 --sav x", "No such option"),
        ("check pre_patch", "Missing argument 'CANDIDATE'"),
        ("check", "Missing argument 'BASE'"),
        ("check pre_patch none.py", "none.py: cannot be read: No such file or directory"),
        ("check pre_patch .", ".: cannot be read: Is a directory"),
        ("history --seeds 0", "seeds: expected 1 to 10,000, got 0"),
        ("history --seeds 10001", "seeds: expected 1 to 10,000, got 10001"),
        ("history --seeds many", "'many' is not a valid integer"),
        ("history --max-examples 0", "examples: expected 1 to 100,000,000, got 0"),
        ("history --arch x86", "no architecture 'x86': did you mean x86_64?"),
        ("history v4", "unexpected extra argument"),
        ("chek pre_patch v4", "no command 'chek': did you mean check or b4-check?"),
        ("replay", "Missing argument 'FILES...'"),
        ("replay none.json", "none.json: cannot be read: No such file or directory"),
        ("replay none.jsonl", "none.jsonl: cannot be read whole: No such file or directory"),
        ("replay .", ".: cannot be read: Is a directory"),
        ("list all", "unexpected extra argument"),
    ],
)
def test_a_wrong_call(cli: Run, folder: Path, arguments: str, says: str):
    assert_refused(cli(*arguments.split()), says)
    assert list(folder.iterdir()) == []


def test_the_review_of_the_thread_is_refused_as_well(cli: Run):
    for arguments, says in ((("--arch", "s390"), "no architecture 's390'"), (("--max-examples", "0"), "expected 1 to")):
        done = cli(*arguments)
        assert (done.status, len(done.err.splitlines())) == (2, 1)
        assert says in done.err


def test_as_a_process(process: Run, folder: Path):
    assert_refused(process("check", "prepatch", "v4"), "no version 'prepatch' of move_ptes(): did you mean pre_patch?")
    assert_refused(process("replay", "none.json"), "none.json: cannot be read")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "import nothing_of_that_name\n" + SIGNATURE + "    return 0\n",
            "port.py:1: does not import: ModuleNotFoundError",
        ),
        (SIGNATURE + "    return (\n", "port.py:2: does not parse: "),
        ("x = 1\n\nraise ValueError('a\\nb')  # move_ptes\n", "port.py:3: does not import: ValueError: a b"),
        ("import sys\nsys.exit(0)  # move_ptes\n", "port.py:2: does not import: SystemExit"),
        ("def move_ptes_(k): pass\n", "port.py: defines no move_ptes(k, pmc, extent, old_pmd, new_pmd)"),
        ("move_ptes = 5\n", "port.py: defines no move_ptes(k, pmc, extent, old_pmd, new_pmd)"),
        ("def move_ptes(): return 0\n", "port.py: move_ptes() does not take (k, pmc, extent, old_pmd, new_pmd)"),
        ("def move_ptes(vma, old_pmd, old_addr): return 0\n", "does not take (k, pmc, extent, old_pmd, new_pmd)"),
        ("def move_ptes(k, pmc, extent, old_pmd, new_pmd, more): return 0\n", "does not take (k, pmc,"),
        ("def move_ptes(k, pmc, *, extent, old_pmd, new_pmd): return 0\n", "does not take (k, pmc,"),
    ],
)
def test_a_candidate_that_cannot_be_loaded(cli: Run, port: Callable[[str], str], folder: Path, text: str, says: str):
    done = cli("check", "pre_patch", port(text), "--json", "v.json", "--save", "dir")
    assert_refused(done, says)
    assert [path.name for path in folder.iterdir()] == ["port.py"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00d", b"def move_ptes\x00():", b""])
def test_a_candidate_that_is_no_python(cli: Run, folder: Path, content: bytes):
    (folder / "port.py").write_bytes(content)
    assert_refused(cli("check", "pre_patch", "port.py"), "port.py")


def test_a_folder_and_a_looping_link_as_candidate(cli: Run, folder: Path):
    (folder / "folder.py").mkdir()
    (folder / "loop.py").symlink_to("loop.py")
    assert_refused(cli("check", "pre_patch", "folder.py"), "folder.py: cannot be read: Is a directory")
    assert_refused(cli("check", "pre_patch", "loop.py"), "loop.py: cannot be read: Too many levels of symbolic links")


def test_save_over_a_file(cli: Run, folder: Path):
    (folder / "taken").write_text("mine")
    assert_refused(cli("check", "pre_patch", "v4", "--save", "taken"), "--save taken: expected a folder")
    assert (folder / "taken").read_text() == "mine"


def test_nothing_is_overwritten_by_a_refused_call(cli: Run, folder: Path):
    (folder / "v.json").write_text("mine")
    assert_refused(cli("check", "pre_patch", "nope", "--json", "v.json"), "no version 'nope'")
    assert (folder / "v.json").read_text() == "mine"


S = "divergence.scenario"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (json.dumps(data())[:-30], "a.json: not a whole JSON file: "),
        ("", "a.json: not a whole JSON file: "),
        ("[]", 'a.json: expected an object with "format"'),
        ("[" * 100_000, "a.json: not a whole JSON file: "),
        (json.dumps(with_field("version", 3)), "a.json: expected version 2 or 1, got 3"),
        (json.dumps(with_field("colour", 2)), "a.json: counterexample.colour: expected one of the fields"),
        (
            json.dumps(with_field(f"{S}.ranges.0.nr", "2")),
            f"a.json: counterexample.{S}.ranges[0].nr: expected an integer",
        ),
        (json.dumps(with_field(f"{S}.ranges.0.nr", 1)), f"{S}.ranges[1].nr: expected the 1 entries of the old range"),
        (
            json.dumps(with_field(f"{S}.ranges.0.nr", 513)),
            f"{S}.ranges[0].nr: expected 1 to 512 entries, up to the end",
        ),
        (
            json.dumps(with_field(f"{S}.tables.0.base", -4096)),
            f"{S}.tables[0].base: expected a multiple of the table's 2097152 bytes below 2**57",
        ),
        (json.dumps(with_field("candidate", "gone")), "no version 'gone'"),
        (json.dumps(with_field("candidate", "gone.py")), "gone.py: cannot be read"),
    ],
)
def test_a_counterexample_that_is_wrong(cli: Run, folder: Path, text: str, says: str):
    (folder / "a.json").write_text(text)
    assert_refused(cli("replay", "a.json"), says)


def test_one_wrong_file_among_many_stops_before_any_runs(cli: Run, folder: Path):
    (folder / "good.json").write_text(json.dumps(data()))
    (folder / "bad.json").write_text("{")
    assert_refused(cli("replay", "good.json", "bad.json"), "bad.json: not a whole JSON file")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (json.dumps(record(arch="mips")), "a.jsonl:2: record.arch: expected one of x86_64, arm64, got 'mips'"),
        (json.dumps(record())[:-9], "a.jsonl:2: not a whole JSON object"),
        (json.dumps(record(pages=-1)), "a.jsonl:2: record.pages: expected 1 to 2**20-1 pages, got -1"),
        (json.dumps(record(old_addr=5)), "a.jsonl:2: record.old_addr: expected a multiple of 4096 bytes"),
    ],
)
def test_a_recording_that_is_wrong(cli: Run, folder: Path, line: str, says: str):
    (folder / "a.jsonl").write_text(json.dumps(record()) + "\n" + line + "\n")
    assert_refused(cli("replay", "a.jsonl"), says)


def test_a_truncated_recording(cli: Run, folder: Path):
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(record()).encode())[:-10])
    assert_refused(cli("replay", "a.jsonl.gz"), "a.jsonl.gz: cannot be read whole: ")


# -- known to be wrong


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_number_that_python_does_not_read(cli: Run, folder: Path, name: str):
    (folder / name).write_text("9" * 5000)
    assert_refused(cli("replay", name), name)
