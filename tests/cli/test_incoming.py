# SPDX-License-Identifier: GPL-2.0-only
"""Patches that come by standard input, by message-id and as commits of the tree."""

import io
import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.changes import NOTHING, SMEAR
from tests.kit.kernel_text import FEW, PAIR, make_tree, one_line
from tests.kit.little_tree import commit, git
from tests.kit.trees import diff

X86 = ("--arch", "x86_64", *FEW)
CHECK = ("check", *PAIR, "--tree", "batching")
MAIL = (
    "From {n} Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: {subject}\nMessage-ID: <{n}@b>\n\nWhy.\n---\n"
)


@pytest.fixture(autouse=True)
def tree(folder: Path) -> Path:
    return make_tree()


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    """Has `text` on standard input."""

    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


def flat(text: str) -> str:
    return " ".join(text.split())


def series() -> str:
    """A cover letter, a patch for another file, and the one that changes the function."""
    parts = ("[PATCH 0/2] mm: batches", ""), ("[PATCH 1/2] fs: other", OTHER), ("[PATCH 2/2] mm: batch", diff(SMEAR))
    return "\n".join(MAIL.format(n="1" * 40, subject=subject) + body for subject, body in parts)


OTHER = "--- a/fs/file.c\n+++ b/fs/file.c\n@@ -1 +1 @@\n-int one;\n+int two;\n"


def test_a_series_on_stdin(cli: Run, stdin):
    stdin(series())
    done = cli(*CHECK, "--patch", "-", *X86)
    assert (done.status, done.err) == (1, "")
    assert "tree+patch: mm/mremap.c of batching with stdin: [PATCH 2/2] mm: batch" in flat(done.out)
    assert (
        'stdin: "[PATCH 0/2] mm: batches" is the cover letter; "[PATCH 1/2] fs: other" changes no file that is read: '
        'left out; "[PATCH 2/2] mm: batch" changes mm/mremap.c'
    ) in flat(done.out)
    assert "tree -> tree+patch: DIVERGES" in done.out
    assert done.out.splitlines()[-1].endswith("--tree batching --patch -")


def test_each_call_reads_stdin_anew(cli: Run, stdin):
    stdin(diff(SMEAR))
    assert cli(*CHECK, "--patch", "-", *X86).status == 1
    stdin(diff(NOTHING))
    assert cli(*CHECK, "--patch", "-", *X86).status == 0


def test_a_plain_diff_on_stdin_through_other_commands(cli: Run, stdin):
    stdin(diff(SMEAR))
    assert cli("exhaust", *PAIR, "--entries", "1", "--arch", "x86_64", "--tree", "batching", "--patch", "-").status == 0
    stdin(diff(SMEAR))
    done = cli("cost", *PAIR, "--workload", "order-0", "--arch", "x86_64", "--tree", "batching", "--patch", "-")
    assert (done.status, done.err) == (0, "")


def test_a_snippet_needs_a_file(cli: Run, stdin):
    stdin(diff(SMEAR))
    cli(*CHECK, "--patch", "-", *X86, "--save", "saved")
    stdin(diff(SMEAR))
    saved = next(map(str, Path("saved").iterdir()))
    done = cli("replay", "--snippet", saved, "--tree", "batching", "--patch", "-")
    assert (done.status, one_line(done)) == (
        2, "--snippet: a test reads the patch from a file: save that of stdin to one first",
    )  # fmt: skip


@pytest.mark.parametrize(("text", "says"), [("", "stdin: is empty: expected"), ("A note.\n", "stdin: not a patch: ")])
def test_what_is_no_patch(refused: Run, stdin, text: str, says: str):
    stdin(text)
    assert one_line(refused(*CHECK, "--patch", "-")).startswith(says)


def test_a_terminal_is_not_waited_for(refused: Run, monkeypatch: pytest.MonkeyPatch):
    terminal = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert one_line(refused(*CHECK, "--patch", "-")).startswith("stdin: expected a patch: pipe one, as in b4 am")


def test_a_message_id(cli: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "bin").mkdir()
    (folder / "thread").write_text(MAIL.format(n="2" * 40, subject="[PATCH] mm: batch") + diff(SMEAR))
    (folder / "bin" / "b4").write_text(f"#!/bin/sh\nexec cat {folder}/thread\n")
    (folder / "bin" / "b4").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")
    done = cli(*CHECK, "--patch", f"https://lore.kernel.org/all/{'2' * 40}@b/", *X86)
    assert (done.status, done.err) == (1, "")
    assert f"of batching with {'2' * 40}@b: [PATCH] mm: batch" in flat(done.out)
    again = shlex.split(done.out.splitlines()[-1])
    assert again[-2:] == ["--patch", f"{'2' * 40}@b"]
    assert cli(*again[2:]).status == 1


@pytest.fixture
def history(tree: Path) -> Path:
    """The tree as a repository: v9.1, and the patch on top of it."""
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    git(tree, "tag", "v9.1")
    text = (tree / "mm" / "mremap.c").read_text()
    for old, new in SMEAR.items():
        text = text.replace(old, new)
    (tree / "mm" / "mremap.c").write_text(text)
    commit(tree, "mm: batch")
    return tree


def test_a_range(cli: Run, history: Path):
    done = cli(*CHECK, "--range", "v9.1..main", *X86)
    assert (done.status, done.err) == (1, "")
    assert "tree: mm/mremap.c of batching@v9.1\n" in done.out
    assert "of batching@v9.1 with v9.1..main: [PATCH 1/1] mm: batch" in flat(done.out)
    again = shlex.split(done.out.splitlines()[-1])
    assert again[-4:] == ["--tree", "batching", "--range", "v9.1..main"]
    assert cli(*again[2:]).status == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--range", "v9.1..main", "--rev", "main"), "--range v9.1..main has a revision and patches of its own: "),
        (("--range", "v9.1..main", "--patch", "-"), "--range v9.1..main has a revision and patches of its own: "),
        (("--range", "main"), "--range main: expected A..B"),
        (("--range", "v9.1..mein"), "batching: no commit 'mein': did you mean main?"),
        (("--range", "main..v9.1"), "batching: no commit in main..v9.1 changes a file that is read: "),
    ],
)
def test_what_is_no_range(refused: Run, history: Path, options: tuple[str, ...], says: str):
    assert one_line(refused(*CHECK, *options)).startswith(says)


def test_a_range_without_a_tree(refused: Run):
    says = "--range needs --tree, a git repository of the kernel"
    assert one_line(refused("check", *PAIR, "--range", "a..b")) == says
