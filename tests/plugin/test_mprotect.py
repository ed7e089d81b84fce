# SPDX-License-Identifier: GPL-2.0-only
"""The plugin with a patch to mm/mprotect.c, and with ports of change_pte_range(): nothing has to name the function."""

from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.harness.files.counterexample import save
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from tests.kit.trees import linux
from tests.subjects.change_pte_range.calls import load
from tests.subjects.change_pte_range.test_kernel_text import CALL, HEAD_PAGE, patch_of

pytest_plugins = "pytester"
FEW = ("--review-max-examples=40", "--review-arch=x86_64", "-p", "no:cacheprovider")
GAINED = [
    "write-gained (critical)",
    "*makes pte[[]0[]] writable, where the first store should fault.",
    "protect 1 page from 0x7f0000000000, mprotect from *",
    "> pte[[]0[]]   pfn=0x101            pfn=0x101             pfn=0x101 W",
]


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """In this process, which is quicker."""
    return pytester.runpytest_inprocess(*arguments, *FEW)


def port(pytester: pytest.Pytester, name: str) -> str:
    """port.py in the empty folder: a copy of a version."""
    (pytester.path / "port.py").write_text(Path(load(name).filename).read_text(encoding="utf-8"))
    return "port.py"


def patched(pytester: pytest.Pytester, changes: dict[str, str]) -> tuple[str, ...]:
    (pytester.path / "mprotect.patch").write_text(patch_of(changes))
    return "--review-tree", str(linux("7.2")), "--review-patch", "mprotect.patch"


def test_a_patch_that_puts_the_head_page_back(pytester: pytest.Pytester):
    result = run(pytester, *patched(pytester, HEAD_PAGE))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "tree -> tree+patch: diverges: write-gained",
            "tree: mm/mprotect.c of linux-7.2",
            "tree+patch: mm/mprotect.c of linux-7.2 with mprotect.patch",
            *GAINED,
            "*verdicts of pte-review*",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_patch_that_changes_nothing(pytester: pytest.Pytester):
    result = run(pytester, *patched(pytester, {CALL: f"\t/* Each page of its own. */\n{CALL}"}))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*tree -> tree+patch*no difference found*"])


def test_a_port_is_held_against_the_loop_before_the_series(pytester: pytest.Pytester):
    result = run(pytester, "--review-candidate", port(pytester, "as_merged"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["before_batching -> port.py: diverges: write-gained*", *GAINED])


def test_a_right_port(pytester: pytest.Pytester):
    result = run(pytester, "--review-base=mprotect/batching", "--review-candidate", port(pytester, "small_folios"))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*batching -> port.py*no difference found*"])


def test_replay(pytester: pytest.Pytester):
    verdict = check("mprotect/before_batching", "mprotect/as_merged", arch="x86_64", max_examples=40)
    (first, *_) = (path for path in save(CHANGE_PTE_RANGE, verdict, Path("saved")) if "write-gained" in path.name)
    result = run(pytester, "--review-replay", str(first))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{first}: still diverges", *GAINED])
    fixed = run(pytester, "--review-replay", str(first), "--review-candidate", port(pytester, "batching"))
    fixed.assert_outcomes(passed=2)  # the replay, and a review of the candidate


def test_versions_of_two_functions(pytester: pytest.Pytester):
    result = run(pytester, "--review-base=pre_patch", "--review-candidate", port(pytester, "batching"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*pte-review: 'port.py' is a version of change_pte_range(), 'pre_patch' one of move_p*"]
    )
