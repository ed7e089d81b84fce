# SPDX-License-Identifier: GPL-2.0-only
"""The C of mm/mprotect.c under review: a patch says which function is meant, the head-page bug is found in it."""

from difflib import unified_diff
from pathlib import Path

import pytest

from pte_review.harness.known_finding import KnownOfPair
from pte_review.harness.releases import ledger
from pte_review.harness.subjects.change_pte_range.history import KNOWN
from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.kernel_tree.tree import open_tree
from tests.cli.conftest import Run, cli
from tests.kit.trees import RELEASES, edited, linux
from tests.subjects.change_pte_range.calls import BASE

__all__ = ["cli"]

CALL = "\tcommit_anon_folio_batch(vma, folio, page, addr, ptep,"
HEAD_PAGE = {CALL: CALL.replace("page,", "folio_page(folio, 0),")}
FEW = ("--max-examples", "150", "--arch", "arm64")


def patch_of(changes, release="7.2"):
    tree = open_tree(linux(release), BINDING.file)
    before, after = (
        str(each.read(BINDING.file)).splitlines(keepends=True) for each in (tree, edited(tree, changes, BINDING.file))
    )
    return "".join(unified_diff(before, after, f"a/{BINDING.file}", f"b/{BINDING.file}"))


@pytest.mark.parametrize("release", ["6.17", "7.2", "7.3"])
def test_the_bug_put_back(cli: Run, tmp_path, release):
    path = tmp_path / "head-page.patch"
    path.write_text(patch_of(HEAD_PAGE, release))
    done = cli("check", "tree", "tree+patch", "--tree", str(linux(release)), "--patch", str(path), *FEW)
    assert (done.status, done.err) == (1, "")
    assert f"tree+patch: mm/mprotect.c of {linux(release).name} with head-page.patch" in done.out
    assert "write-gained (critical)" in done.out
    assert f"protect 1 page from {BASE + 0x7EFF_C000_0000:#x}, mprotect from" in done.out
    assert "pfn=0x101 W" in done.out


def test_a_patch_that_changes_nothing(cli: Run, tmp_path):
    path = tmp_path / "comment.patch"
    path.write_text(patch_of({CALL: f"\t/* Each page of its own. */\n{CALL}"}))
    done = cli("check", "tree", "tree+patch", "--tree", str(linux("7.2")), "--patch", str(path), *FEW)
    assert (done.status, done.err) == (0, "")
    assert "no difference found" in done.out


def test_the_text_against_its_port(cli: Run):
    done = cli("check", "mprotect/small_folios", "tree", "--tree", str(linux("7.2")), *FEW)
    assert (done.status, done.err) == (0, "")
    assert "no difference found" in done.out


def test_saved_and_replayed(cli: Run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("head-page.patch").write_text(patch_of(HEAD_PAGE))
    text = ("--tree", str(linux("7.2")), "--patch", "head-page.patch")
    assert cli("check", "tree", "tree+patch", *text, *FEW, "--save", "saved").status == 1
    files = [str(path) for path in sorted(Path("saved").iterdir())]
    again = cli("replay", *files, *text)
    assert (again.status, again.err) == (1, "")
    fixed = cli("replay", *files, "--base", "mprotect/before_batching", "--candidate", "mprotect/small_folios")
    assert (fixed.status, "FIXED" in fixed.out) == (0, True)


def test_a_tree_without_the_file(cli: Run, tmp_path):
    done = cli("check", "mprotect/batching", "tree", "--tree", str(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("pte-review: ")
    assert "not a kernel tree: it has no mm/mprotect.c" in done.err


@pytest.mark.slow
def test_every_release():
    """Against the loop before the series: 6.12 drops guard markers, which it does not know; later ones are right."""
    folders = [linux(release) for release in RELEASES]
    entries = list(ledger(CHANGE_PTE_RANGE, "before_batching", folders, arch=None, max_examples=500, seed=3))
    known = KnownOfPair(KNOWN, "before_batching", "batching")
    kinds = [
        {d.kind for d in entry.verdict.divergences if not known.title(d.scenario, d.kind, d.by)} for entry in entries
    ]
    assert kinds == [{"entry-lost", "return-value"}, *([set()] * (len(RELEASES) - 1))]
    assert entries[0].release.number.startswith("6.12")
