# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review new-version BASE NAME`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_copy_that_loads_and_does_not_differ(cli: Run, folder: Path):
    done = cli("new-version", "v4", "my_port")
    assert (done.status, done.err) == (0, "")
    assert "pte-review check v4 my_port.py" in done.out
    assert [path.name for path in folder.iterdir()] == ["my_port.py"]
    assert cli("check", "v4", "my_port.py", "--max-examples", "60").status == 0
    text = (folder / "my_port.py").read_text(encoding="utf-8")
    assert "TITLE: what it is" in text
    assert "def move_ptes(" in text
    assert cli("new-version", "my_port.py", "another").status == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("v4", "my-port"), "new-version: expected a name that Python can import, got 'my-port'"),
        (("v4", ""), "NAME: expected a value, got ''"),
        (("v4", "pre_patch"), "new-version: 'pre_patch' is a version of move_ptes() already"),
        (("v5", "my_port"), "no version 'v5' of move_ptes()"),
        (("v4", "there"), "there.py: exists already, and is not overwritten"),
        (("v4", "nowhere/my_port"), "nowhere/my_port.py: No such file or directory"),
    ],
)
def test_bad_input(cli: Run, folder: Path, arguments: tuple[str, ...], says: str):
    (folder / "there.py").write_text("mine\n")
    done = cli("new-version", *arguments)
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.splitlines()) == 1
    assert (folder / "there.py").read_text() == "mine\n"
    assert [path.name for path in folder.iterdir()] == ["there.py"]
