# SPDX-License-Identifier: GPL-2.0-only
"""Commits A..B as patches: the text of B comes out, and nothing that the repository is set to is run."""

import pytest

from pte_review.models.kernel_tree import brought
from pte_review.models.kernel_tree.commits import ends_of, series_of
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.patches import patched
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.little_tree import MREMAP, change, commit, git

PATHS = (MREMAP, "mm/internal.h")


@pytest.fixture(autouse=True)
def nothing_brought():
    yield
    brought.forget()


def after(work, text, paths=PATHS):
    """What the range makes of its first commit."""
    name = brought.bring(brought.Path(text), series_of(work, text, paths))
    return patched(open_tree(work, MREMAP, ends_of(text)[0]), [name], MREMAP)


@pytest.fixture
def history(work):
    """A change, one of another file, the change undone, and done again: the same patch twice."""
    for subject, *changes in (
        ("mm: three", ("step_3(table, 3)", "step_3(table, 33)")),
        ("fork: how", ("int fork(void);", "int fork(int how);", "kernel/fork.c")),
        ("mm: not three", ("step_3(table, 33)", "step_3(table, 3)")),
        ("mm: three", ("step_3(table, 3)", "step_3(table, 33)")),
    ):
        for one in changes:
            change(work, *one)
        commit(work, subject)
    return work


def test_the_text_of_the_last_commit(history):
    tree = after(history, "v6.1..main")
    assert tree.read(MREMAP) == git(history, "show", f"main:{MREMAP}")
    subjects = [patch.subject for patch in tree.patches]
    assert subjects == ["[PATCH 1/3] mm: three", "[PATCH 2/3] mm: not three", "[PATCH 3/3] mm: three"]


def test_head_is_the_end_where_none_is_named(history):
    assert after(history, "HEAD~1..").read(MREMAP) == git(history, "show", f"HEAD:{MREMAP}")


def test_a_merge(work):
    git(work, "switch", "-q", "-c", "topic")
    change(work, "turn_9(table, 9)", "turn_9(table, 99)")
    commit(work, "mm: nine")
    git(work, "switch", "-q", "main")
    change(work, "step_3(table, 3)", "step_3(table, 33)")
    commit(work, "mm: three")
    git(work, "merge", "-q", "--no-edit", "topic")
    assert after(work, "v6.1..main").read(MREMAP) == git(work, "show", f"main:{MREMAP}")


def test_a_folder_of_a_repository(tmp_path, work):
    outer = tmp_path / "outer"
    outer.mkdir()
    work.rename(outer / "linux")
    (outer / "linux" / ".git").rename(outer / ".git")
    git(outer, "add", "-A")
    git(outer, "commit", "-q", "-m", "moved")
    change(outer / "linux", "step_3(table, 3)", "step_3(table, 33)")
    commit(outer, "mm: three")
    assert "step_3(table, 33)" in after(outer / "linux", "HEAD~1..HEAD").read(MREMAP)


def test_settings_of_the_repository_run_nothing(history, tmp_path):
    mark = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $* >> {mark}\n")
    program.chmod(0o755)
    (history / ".git" / "info" / "attributes").write_text("* diff=odd\n")
    for name in (
        "diff.external",
        "diff.odd.command",
        "diff.odd.textconv",
        "core.pager",
        "gpg.program",
        "core.fsmonitor",
    ):
        git(history, "config", name, str(program))
    git(history, "config", "log.showSignature", "true")
    git(history, "config", "color.ui", "always")
    git(history, "config", "diff.noprefix", "true")
    assert after(history, "v6.1..main").read(MREMAP).count("step_3(table, 33)") == 1
    assert not mark.exists(), mark.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("main", r"--range main: expected A\.\.B, such as v6\.16\.\.v6\.17"),
        ("v6.1...main", r"expected A\.\.B"),
        ("..main", r"expected A\.\.B"),
        ("v6.2..main", r"no commit 'v6\.2': did you mean v6\.1"),
        ("--all..main", "no commit '--all'"),
        ("main..v6.1", r"no commit in main\.\.v6\.1 changes a file that is read: mm/mremap\.c"),
    ],
)
def test_what_is_none(history, text, says):
    with pytest.raises(TreeError, match=says):
        series_of(history, text, PATHS)


def test_too_many(history, monkeypatch):
    monkeypatch.setattr("pte_review.models.kernel_tree.commits.MOST_COMMITS", 2)
    with pytest.raises(TreeError, match=r"3 commits in v6\.1\.\.main change files that are read, expected at most 2"):
        series_of(history, "v6.1..main", PATHS)
