# SPDX-License-Identifier: GPL-2.0-only
"""Defaults from a file: found upward, told, and never one that a patch or an archive brought."""

import os
from pathlib import Path

import pytest

from pte_review.harness.cli.settings import Settings, settings
from tests.cli.conftest import Run
from tests.kit.changes import NOTHING
from tests.kit.kernel_text import FEW, PAIR, make_patch, make_tree, one_line

X86 = ("--arch", "x86_64")
OWN = ".pte-review.toml"


def test_found_upward(folder: Path):
    (folder / OWN).write_text('tree = "linux"\nseconds = 3\ncontract = "exact"\n')
    (folder / "a" / "b").mkdir(parents=True)
    assert settings(folder / "a" / "b") == Settings(folder / OWN, folder / "linux", "exact", 3.0)


def test_the_nearest_one_counts(folder: Path):
    (folder / OWN).write_text("seconds = 3\n")
    (folder / "a").mkdir()
    (folder / "a" / "pyproject.toml").write_text("[tool.pte-review]\nseconds = 4\n")
    assert settings(folder / "a").seconds == 4
    (folder / "a" / OWN).write_text("seconds = 5\n")
    assert settings(folder / "a").seconds == 5


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'x'\n", "no toml at all", "tool = 3\n", "[tool]\npte-review = 3\n"]
)
def test_other_projects_files_are_passed_over(folder: Path, text: str):
    (folder / "pyproject.toml").write_text(text)
    assert settings(folder) == Settings()


def test_none_of_a_kernel_tree(folder: Path):
    """A series can add files to the tree that it is applied to."""
    tree = folder / "linux"
    for name in ("mm", "scripts"):
        (tree / name).mkdir(parents=True)
    for name in ("MAINTAINERS", "Kbuild"):
        (tree / name).touch()
    (tree / OWN).write_text("seconds = 0.001\n")
    (folder / OWN).write_text("seconds = 7\n")
    assert settings(tree).seconds == 7


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_none_of_somebody_else(folder: Path):
    (folder / OWN).write_text("seconds = 3\n")
    os.chown(folder / OWN, 12345, 12345)
    assert settings(folder) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trust = true\n", "'trust': expected tree, contract, seconds; other options are for the command line alone"),
        ('seconds = "3"\n', "seconds: expected a number, got '3'"),
        ("seconds = true\n", "seconds: expected a number, got True"),
        ("tree = 3\n", "tree: expected a path, got 3"),
        ('contract = ""\n', "contract: expected a name, got ''"),
        ("tree =\n", "cannot be read: "),
    ],
)
def test_what_is_wrong_is_said(refused: Run, folder: Path, text: str, says: str):
    (folder / OWN).write_text(text)
    assert one_line(refused("list")).startswith(f"{folder / OWN}: {says}")


def test_seconds_that_nobody_can_mean(refused: Run, folder: Path):
    (folder / OWN).write_text("seconds = nan\n")
    assert "seconds: expected more than 0" in refused("check", "pre_patch", "v4").err


def test_what_was_used_is_told(cli: Run, folder: Path):
    make_tree()
    make_patch("fix.patch", NOTHING)
    (folder / OWN).write_text('tree = "batching"\ncontract = "exact"\nseconds = 60\n')
    done = cli("check", *PAIR, "--patch", "fix.patch", *X86, *FEW)
    assert done.status == 0
    assert sorted(done.err.splitlines()) == [
        f"pte-review: --contract exact, from {folder / OWN}",
        f"pte-review: --seconds 60.0, from {folder / OWN}",
        f"pte-review: --tree {folder / 'batching'}, from {folder / OWN}",
    ]
    assert "contract exact" in done.out


def test_the_command_line_counts_more(cli: Run, folder: Path):
    (folder / OWN).write_text('tree = "nowhere"\ncontract = "exact"\n')
    done = cli("check", "v4_fixed", "v4_fixed", "--contract", "folio-ad", *X86, *FEW)
    assert (done.status, done.err) == (0, "")
    assert "contract folio-ad" in done.out


def test_a_folder_that_may_not_be_looked_into(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / OWN).write_text("seconds = 3\n")

    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    assert settings(folder) == Settings()


def test_a_working_directory_that_is_gone(cli: Run, folder: Path):
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()
    assert cli("list").status == 0
