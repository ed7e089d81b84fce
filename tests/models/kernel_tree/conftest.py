# SPDX-License-Identifier: GPL-2.0-only
"""Trees that must stay as they are, a temporary folder that must be empty afterwards, and a way to make patches."""

import tempfile

import pytest

from tests.kit.little_tree import change, commit, git, make, make_git, snapshot


@pytest.fixture(autouse=True)
def empty_afterwards(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture
def tree(tmp_path):
    folder = make(tmp_path / "linux-6.1")
    before = snapshot(folder)
    yield folder
    assert snapshot(folder) == before


@pytest.fixture
def work(tmp_path):
    """A repository to make patches in."""
    return make_git(tmp_path / "work")


@pytest.fixture
def patch(work, tmp_path):
    """patch("name", (old, new), ...): the git diff of these changes to mm/mremap.c, which are undone again."""

    def make_patch(name, *changes, options=()):
        for one in changes:
            change(work, *one)
        git(work, "add", "-A")
        file = tmp_path / name
        file.write_bytes(git(work, "diff", "--cached", *options).encode("utf-8", "surrogateescape"))
        git(work, "reset", "-q", "--hard")
        git(work, "clean", "-q", "-d", "-f")
        return file

    return make_patch


@pytest.fixture
def series(work, tmp_path):
    """series("name", ...): an mbox as git format-patch writes it, with a cover letter and two patches."""

    def make_series(name, *options):
        change(work, "step_3(table, 3)", "step_3(table, 33)")
        commit(work, "mm: three is thirty-three")
        change(work, "step_3(table, 33)", "step_3(table, 333)")
        commit(work, "mm: one more three")
        file = tmp_path / name
        file.write_text(git(work, "format-patch", "--stdout", "--cover-letter", *options, "v6.1"), newline="")
        git(work, "reset", "-q", "--hard", "v6.1")
        return file

    return make_series
