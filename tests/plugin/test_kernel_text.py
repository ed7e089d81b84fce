# SPDX-License-Identifier: GPL-2.0-only
"""`pytest --tree DIR --patch FILE`: reviews of kernel text as pytest items, in an empty folder."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.harness.files.counterexample import save
from pte_review.harness.kernel_text import KernelText
from tests.changes import NOTHING, SMEAR, before_set
from tests.trees import KERNELS, ROOT, diff

pytest_plugins = "pytester"
FEW = ("--max-examples=40", "-p", "no:cacheprovider")
TREE = ("--tree", "batching")
SAID = ("tree: mm/mremap.c of batching", "tree+patch: mm/mremap.c of batching with fix.patch")


@pytest.fixture(autouse=True)
def tree(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in the empty folder, and our own code in processes."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Path(shutil.copytree(KERNELS / "batching", pytester.path / "batching"))


def patch(pytester: pytest.Pytester, changes: Mapping[str, str], name: str = "fix.patch") -> tuple[str, str]:
    (pytester.path / name).write_text(diff(changes))
    return "--patch", name


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
    result = run(pytester, *TREE, *patch(pytester, SMEAR), "--arch=x86_64")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "tree -> tree+patch: diverges: write-gained, write-lost*",
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
    result = run(pytester, *TREE, "--arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*pre_patch -> tree*no difference found*"])


def test_another_base(pytester: pytest.Pytester):
    result = run(pytester, *TREE, *patch(pytester, NOTHING), "--base=v4_fixed", "--arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*v4_fixed -> tree+patch*no difference found*"])


def test_a_tree_as_candidate_by_name(pytester: pytest.Pytester):
    result = run(pytester, *TREE, "--candidate=tree", "--base=v4_fixed", "--arch=x86_64")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*v4_fixed -> tree *no difference found*"])


def test_replay(pytester: pytest.Pytester):
    option = patch(pytester, SMEAR)
    text = KernelText(Path("batching"), patches=(Path("fix.patch"),))
    verdict = check(*text.load_all("tree", "tree+patch", arches=["x86_64"]), arch="x86_64", max_examples=40)
    first = str(save(verdict, Path("saved"))[0])
    result = run(pytester, *TREE, *option, "--replay", first)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{first}: still diverges", "*tree+patch makes new[[]1[]] writable*"])
    patch(pytester, NOTHING)
    run(pytester, *TREE, *option, "--replay", first).assert_outcomes(passed=1)
    run(pytester, *TREE, "--candidate=tree", "--replay", first, "--arch=x86_64").assert_outcomes(passed=2)
    assert json.loads(Path(first).read_text())["candidate"] == "tree+patch"
    for missing, says in ((), "give --tree"), (TREE, "give --patch"):
        wrong(pytester, *missing, "--replay", first, says=says)


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
        (["--patch", "fix.patch"], "--patch needs --tree"),
        (["--rev", "v6.12"], "--rev needs --tree"),
        (["--candidate=v4", "--rev", "v6.12"], "--rev: which revision of what?"),
        (["--candidate=v4", "--patch", "fix.patch"], "--patch: neither version is 'tree+patch'"),
        ([*TREE, "--candidate=v4"], "--tree: neither version is 'tree' or 'tree+patch'"),
        ([*TREE, "--candidate=tree", "--patch", "fix.patch"], "--patch: neither version is 'tree+patch'"),
        (["--candidate=tree"], "give --tree, the folder of one"),
        ([*TREE, "--candidate=tree+patch"], "give --patch, a diff or mail"),
        (["--tree", "nowhere"], "nowhere: no such folder"),
        ([*TREE, "--rev", "v1"], "--rev v1 needs a git repository, and this is none"),
        ([*TREE, "--patch", "no.patch"], "no.patch: no such file"),
        ([*TREE, "--patch", "fix.patch", "--arch=arm"], "no architecture 'arm'"),
    ],
)
def test_a_wrong_call(pytester: pytest.Pytester, arguments: list[str], says: str):
    patch(pytester, NOTHING)
    assert len(wrong(pytester, *arguments, says=says)) == 1


def test_c_that_does_not_compile(pytester: pytest.Pytester):
    option = patch(pytester, before_set("nr = new_helper(pte);"))
    lines = wrong(pytester, *TREE, *option, says="batching: 1 name is missing: neither the tree nor pte-review has it")
    assert len(lines) == 2
    assert lines[1].startswith("mm/mremap.c:")
    assert lines[1].endswith(": new_helper")


def test_no_compiler(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC", "/nonexistent")
    assert len(wrong(pytester, *TREE, says="CC=/nonexistent: no such compiler")) == 1
