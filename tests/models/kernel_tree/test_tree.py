# SPDX-License-Identifier: GPL-2.0-only
"""Trees in folders, repositories and bare repositories; and what is said where there is none."""

import os
import shutil

import pytest

from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.version import VersionError
from tests.kit.little_tree import FILES, MREMAP, MREMAP_TEXT, change, commit, git, make, make_git, snapshot


def error(path, rev=None):
    with pytest.raises(TreeError) as raised:
        open_tree(path, MREMAP, rev)
    assert isinstance(raised.value, VersionError)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_folder(tree):
    opened = open_tree(tree, MREMAP)
    assert (opened.label, opened.rev, opened.patches, opened.overlay) == ("linux-6.1", None, (), {})
    assert {name: opened.read(name) for name in FILES} == FILES
    assert opened.read("mm/none.c") is None
    assert opened.read("mm") is None


def test_odd_bytes_and_line_ends_survive(tmp_path):
    folder = make(tmp_path / "odd")
    raw = b"caf\xe9\r\n\0\xff"
    (folder / "mm/odd.c").write_bytes(raw)
    assert open_tree(folder, MREMAP).read("mm/odd.c").encode("utf-8", "surrogateescape") == raw


def test_the_current_folder_has_its_name(tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert open_tree(type(tree)("."), MREMAP).label == "linux-6.1"


@pytest.fixture
def repository(tmp_path):
    folder = make_git(tmp_path / "linux")
    change(folder, "return 0", "return 2")
    commit(folder, "second")
    change(folder, "return 2", "return 3")  # in the work tree only
    before = snapshot(folder)
    yield folder
    assert snapshot(folder) == before


def test_revisions(repository):
    old = open_tree(repository, MREMAP, "v6.1")
    assert (old.label, old.rev) == ("linux@v6.1", "v6.1")
    assert old.read(MREMAP) == MREMAP_TEXT
    assert open_tree(repository, MREMAP, "main").read(MREMAP) == MREMAP_TEXT.replace("return 0", "return 2")
    assert open_tree(repository, MREMAP).read(MREMAP) == MREMAP_TEXT.replace("return 0", "return 3")
    assert old.read("mm/none.c") is None
    assert old.read("mm") is None
    assert open_tree(repository / ".git", MREMAP, "v6.1").label == "linux@v6.1"


def test_a_bare_repository(repository, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", "linux", "bare.git")
    opened = open_tree(tmp_path / "bare.git", MREMAP, "v6.1")
    assert (opened.label, opened.read(MREMAP)) == ("bare@v6.1", MREMAP_TEXT)
    assert "not a kernel tree" in error(tmp_path / "bare.git")
    assert "try --rev HEAD" in error(tmp_path / "bare.git")


def test_a_tree_inside_a_repository(tmp_path):
    make(tmp_path / "all/linux")
    git(tmp_path / "all", "init", "-q")
    commit(tmp_path / "all", "all")
    assert open_tree(tmp_path / "all/linux", MREMAP, "HEAD").read(MREMAP) == MREMAP_TEXT
    assert "HEAD is not a kernel tree: it has no mm/mremap.c" in error(tmp_path / "all", "HEAD")
    around = "no revision 'v6.1' in the repository around it, of which it is linux/: "
    assert around in error(tmp_path / "all/linux", "v6.1")


def test_a_revision_stays_what_it_was(tmp_path):
    folder = make_git(tmp_path / "linux")
    opened = open_tree(folder, MREMAP, "main")
    change(folder, "return 0", "return 2")
    commit(folder, "second")
    assert opened.read(MREMAP) == MREMAP_TEXT


def test_git_of_the_caller_is_not_heard(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert open_tree(repository, MREMAP, "v6.1").read(MREMAP) == MREMAP_TEXT


def test_nothing_there(tmp_path, tree):
    assert error(tmp_path / "none") == (
        f"{tmp_path / 'none'}: no such folder: expected an unpacked kernel tree or a git repository of one"
    )
    tarball = tmp_path / "linux-6.1.tar.xz"
    tarball.write_bytes(b"")
    assert error(tarball) == f"{tarball}: is a file: expected the folder of a kernel tree; try unpacking it first"
    assert error(tree / "kernel").endswith(f"not a kernel tree: it has no mm/mremap.c; try {tree}")
    assert error(tmp_path).endswith(f"try {tree}")
    assert error(tmp_path / "temporary").endswith("expected the top of an unpacked linux source")


def test_revisions_that_are_none(repository, tree):
    assert error(tree, "v6.1") == f"{tree}: --rev v6.1 needs a git repository, and this is none; try without --rev"
    assert error(repository, "v6.2") == f"{repository}: no revision 'v6.2': did you mean v6.1?"
    for odd in ("", "--help", "zzz zz", "v6.1:mm", "a\nb", "a\0b"):
        assert "no revision" in error(repository, odd) or "not a kernel tree" in error(repository, odd)


def test_without_git(repository, tree, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "git is not installed" in error(repository, "v6.1")
    assert open_tree(tree, MREMAP).read(MREMAP) == MREMAP_TEXT


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(tree):
    (tree / MREMAP).chmod(0)
    with pytest.raises(TreeError, match="cannot be read"):
        open_tree(tree, MREMAP).read(MREMAP)
    (tree / MREMAP).chmod(0o644)


def test_a_partial_clone_fetches_nothing(tmp_path):
    source = make_git(tmp_path / "linux")
    git(source, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{source}", "partial")
    before = snapshot(tmp_path / "partial")
    assert "in a partial clone" in error(tmp_path / "partial", "v6.1")
    assert snapshot(tmp_path / "partial") == before
