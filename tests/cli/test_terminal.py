# SPDX-License-Identifier: GPL-2.0-only
"""On a terminal: colour, --quiet, completion, what --help ends in."""

import io
import os
import pty
import subprocess
import sys

import pytest

from pte_review.harness.cli.colour import END, GREEN, RED, coloured, wanted
from pte_review.harness.cli.main import COMMANDS
from pte_review.harness.printable import Printable
from tests.cli.conftest import Run

FEW = ("--arch", "x86_64", "--max-examples", "40")


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What the command prints on a terminal of its own."""
    leader, follower = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    command = [sys.executable, "-m", "pte_review", *arguments]
    with subprocess.Popen(
        command, stdout=follower, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env={**plain, "TERM": "xterm", **environment},
    ) as running:  # fmt: skip
        os.close(follower)
        printed = b""
        try:
            while data := os.read(leader, 4096):
                printed += data
        except OSError:  # Linux: nobody has the other end any more
            pass
        assert running.wait() == 1
    os.close(leader)
    return printed.decode().replace("\r\n", "\n")


def test_colour_on_a_terminal():
    text = on_a_terminal("check", "pre_patch", "v4", *FEW)
    assert f"pre_patch -> v4: {RED}DIVERGES{END}\n" in text
    assert f"{RED}write-gained (critical){END}\n" in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_nobody_wants_it(environment: dict[str, str]):
    assert "\x1b[" not in on_a_terminal("check", "pre_patch", "v4", *FEW, **environment)


def test_no_colour_elsewhere(process: Run):
    assert "\x1b[" not in process("check", "pre_patch", "v4", *FEW).out


def test_an_empty_no_color_says_nothing():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert wanted(Terminal(), {"NO_COLOR": "", "TERM": "xterm"})
    assert not wanted(Terminal(), {"NO_COLOR": "0"})
    assert not wanted(io.StringIO(), {})


def test_what_a_stranger_wrote_stays_plain():
    stream = io.StringIO()
    Printable(stream, coloured).write("\x1b[31mevil\x1b[0m FIXED\n")
    assert stream.getvalue() == rf"\x1b[31mevil\x1b[0m {GREEN}FIXED{END}" + "\n"


def test_quiet(cli: Run):
    done = cli("check", "pre_patch", "v4", *FEW, "--quiet")
    assert (done.status, done.err) == (1, "")
    assert done.out == "pre_patch -> v4: write-gained, page-table-check, write-lost\n"
    assert cli("check", "v4_fixed", "v4_fixed", *FEW, "-q").out == "v4_fixed -> v4_fixed: no difference found\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there(shell: str):
    environment = {**os.environ, "_PTE_REVIEW_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "pte_review"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if shell == "bash" and done.returncode:
        pytest.skip(f"no bash that click can ask: {done.stderr.strip()}")
    assert (done.returncode, "pte-review" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pte-review check refactor_c", ["refactor_clear_new"]),
        ("pte-review check pre_patch tree", ["tree", "tree+patch"]),
        ("pte-review check pre_patch v4 --arch a", ["arm64"]),
        ("pte-review check pre_patch v4 --contract e", ["exact"]),
        ("pte-review check pre_patch v4 --hostile page", ["page-mapped-twice"]),
        ("pte-review rele", ["releases"]),
    ],
)
def test_what_is_offered(words: str, offered: list[str]):
    environment = {
        **os.environ, "_PTE_REVIEW_COMPLETE": "fish_complete", "COMP_WORDS": words, "COMP_CWORD": words.split()[-1]
    }  # fmt: skip
    command = [sys.executable, "-m", "pte_review"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert [
        line.partition(",")[2].partition("\t")[0] for line in done.stdout.split()[:2] if "plain," in line
    ] == offered


@pytest.mark.parametrize("command", ["", "b4-check", "check", "exhaust", "releases", "replay"])
def test_help_ends_in_examples_and_statuses(cli: Run, command: str):
    text = cli(*command.split(), "--help").out
    examples, statuses = text.index("Examples:"), text.index("Exit status:")
    assert examples < statuses
    assert [line.split()[0] for line in text[statuses:].splitlines()[1:]] == ["0", "1", "2", "3", "70"]


def test_every_command_is_in_the_help(cli: Run):
    text = cli("--help").out
    assert all(f"\n  {name} " in text for name in COMMANDS)
