# SPDX-License-Identifier: GPL-2.0-only
"""`pytest --review-tree DIR --review-patch FILE`: reviews of kernel text as pytest items, in an empty folder."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.harness.files.counterexample import save
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from tests.kit.changes import NOTHING, SMEAR, before_set
from tests.kit.little_tree import commit, git
from tests.kit.trees import KERNELS, ROOT, diff

pytest_plugins = "pytester"
FEW = ("--review-max-examples=40", "-p", "no:cacheprovider")
TREE = ("--review-tree", "batching")
SAID = ("tree: mm/mremap.c of batching", "tree+patch: mm/mremap.c of batching with fix.patch")


@pytest.fixture(autouse=True)
def tree(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in the empty folder, and our own code in processes."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Path(shutil.copytree(KERNELS / "batching", pytester.path / "batching"))


def patch(pytester: pytest.Pytester, changes: Mapping[str, str], name: str = "fix.patch") -> tuple[str, str]:
    (pytester.path / name).write_text(diff(changes))
    return "--review-patch", name


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """In this process, which is quicker."""
    return pytester.runpytest_inprocess(*arguments, *FEW)


def test_a_patch_that_changes_nothing_that_matters(pytester: pytest.Pytester):
    result = run(pytester, *TREE, *patch(pytester, NOTHING), "-v")
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*review[[]tree+patch-x86_64[]] PASSED*", "*review[[]tree+patch-arm64[]] PASSED*"])
    result.stdout.fnmatch_lines(["*verdicts of pte-review*", *SAID, "*tree -> tree+patch*no difference found*"])


def test_a_bug_shows_its_picture(pytester: pytest.Pytester):
    result = run(pytester, *TREE, *patch(pytester, SMEAR), "--review-arch=x86_64")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "tree -> tree+patch: diverges: write-gained, *write-lost*",
            *SAID,
            "write-gained (critical)",
            "tree+patch makes new[[]1[]] writable; the page was mapped read-only before the*",
            "> new[[]1[]]   none                 pfn=0x101             pfn=0x101 W",
            "*verdicts of pte-review*",
            "*tree -> tree+patch*write-gained*",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_several_workers(pytester: pytest.Pytester):
    result = pytester.runpytest_subprocess(*TREE, *patch(pytester, SMEAR), "-n", "2", *FEW)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["write-gained (critical)", "*verdicts of pte-review*", *SAID, "*tree -> tree+patch*"])


def test_a_tree_alone_is_reviewed_against_pre_patch(pytester: pytest.Pytester):
    result = run(pytester, *TREE, "--review-arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*pre_patch -> tree*no difference found*"])


def test_another_base(pytester: pytest.Pytester):
    result = run(pytester, *TREE, *patch(pytester, NOTHING), "--review-base=v4_fixed", "--review-arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*v4_fixed -> tree+patch*no difference found*"])


def test_a_tree_as_candidate_by_name(pytester: pytest.Pytester):
    result = run(pytester, *TREE, "--review-candidate=tree", "--review-base=v4_fixed", "--review-arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*v4_fixed -> tree *no difference found*"])


def test_replay(pytester: pytest.Pytester):
    option = patch(pytester, SMEAR)
    text = KernelText(MOVE_PTES, Path("batching"), patches=(Path("fix.patch"),))
    verdict = check(*text.load_all("tree", "tree+patch", arches=["x86_64"]), arch="x86_64", max_examples=40)
    first = str(save(MOVE_PTES, verdict, Path("saved"))[0])
    result = run(pytester, *TREE, *option, "--review-replay", first)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{first}: still diverges", "*tree+patch makes new[[]1[]] writable*"])
    patch(pytester, NOTHING)
    run(pytester, *TREE, *option, "--review-replay", first).assert_outcomes(passed=1)
    run(pytester, *TREE, "--review-candidate=tree", "--review-replay", first, "--review-arch=x86_64").assert_outcomes(
        passed=2
    )
    assert json.loads(Path(first).read_text())["candidate"] == "tree+patch"
    for missing, says in ((), "give --review-tree"), (TREE, "give --review-patch"):
        wrong(pytester, *missing, "--review-replay", first, says=says)


# What is wrong.


def wrong(pytester: pytest.Pytester, *arguments: str, says: str) -> list[str]:
    """The lines that are said of a call that is refused, which has `says` on the first."""
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR == 4
    lines = [line for line in (result.stderr.str() + result.stdout.str()).splitlines() if line.strip()]
    assert lines[0].startswith("ERROR: pte-review: ")
    assert says in lines[0]
    return lines


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--review-patch", "fix.patch"], "--review-patch needs --review-tree"),
        (["--review-rev", "v6.12"], "--review-rev needs --review-tree"),
        (
            ["--review-candidate=v4", "--review-rev", "v6.12"],
            "--review-rev needs --review-tree, a git repository of the kernel",
        ),
        (
            ["--review-candidate=v4", "--review-patch", "fix.patch"],
            "--review-patch is unused: name 'tree+patch' as BASE or CANDIDATE",
        ),
        ([*TREE, "--review-candidate=v4"], "--review-tree is unused: name 'tree' or 'tree+patch' as BASE or CANDIDATE"),
        (
            [*TREE, "--review-candidate=tree", "--review-patch", "fix.patch"],
            "--review-patch is unused: name 'tree+patch' as BASE or CANDIDATE",
        ),
        (["--review-candidate=tree"], "give --review-tree, the folder of one"),
        ([*TREE, "--review-candidate=tree+patch"], "give --review-patch, a diff or mail"),
        (["--review-tree", "nowhere"], "nowhere: no such folder"),
        ([*TREE, "--review-rev", "v1"], "--review-rev v1 needs a git repository, and this is none"),
        ([*TREE, "--review-patch", "no.patch"], "no.patch: no such file"),
        ([*TREE, "--review-patch", "fix.patch", "--review-arch=arm"], "no architecture 'arm'"),
    ],
)
def test_a_wrong_call(pytester: pytest.Pytester, arguments: list[str], says: str):
    patch(pytester, NOTHING)
    assert len(wrong(pytester, *arguments, says=says)) == 1


def test_c_that_does_not_compile(pytester: pytest.Pytester):
    option = patch(pytester, before_set("nr = new_helper(pte);"))
    lines = wrong(pytester, *TREE, *option, says="batching: 1 name is missing: neither the tree nor pte-review has it")
    assert len(lines) == 3  # the last names files that the tree lacks
    assert lines[1].startswith("mm/mremap.c:")
    assert lines[1].endswith(": new_helper")


def test_no_compiler(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC", "/nonexistent")
    assert len(wrong(pytester, *TREE, says="CC=/nonexistent: no such compiler")) == 1


def test_a_range(pytester: pytest.Pytester, tree: Path):
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first")
    text = (tree / "mm" / "mremap.c").read_text()
    for old, new in SMEAR.items():
        text = text.replace(old, new)
    (tree / "mm" / "mremap.c").write_text(text)
    commit(tree, "mm: batch")
    result = run(pytester, *TREE, "--review-range=main~1..", "--review-arch=x86_64")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["tree: mm/mremap.c of batching@main~1"])


def test_a_range_needs_a_tree(pytester: pytest.Pytester):
    result = run(pytester, "--review-range=a..b")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pte-review: --review-range needs --review-tree"])
