# SPDX-License-Identifier: GPL-2.0-only
"""Without a kernel tree the summary says which guarantees were not checked, and how to get a tree."""

import re
from pathlib import Path

import pytest

from tests.conftest import GUARANTEES
from tests.kit.trees import HOW, ROOT

pytest_plugins = ["pytester"]

CONFTEST = """
import sys
sys.path.insert(0, {root!r})
from tests.conftest import pytest_terminal_summary
"""


def test_the_summary(pytester: pytest.Pytester):
    pytester.makeconftest(CONFTEST.format(root=str(ROOT)))
    folder = pytester.path / "tests" / "subjects" / "move_ptes"
    folder.mkdir(parents=True)
    skips = f"import pytest\ndef test_a():\n    pytest.skip({HOW!r})\ndef test_b():\n    pytest.skip('no compiler')\n"
    for name in ("test_fidelity.py", "test_new.py"):
        (folder / name).write_text(skips)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(skipped=4)
    result.stdout.fnmatch_lines(
        [
            "*not checked: there is no kernel tree*",
            "to check it: run `make trees`",
            "     1 tests: other",
            "     1 tests: the versions in Python do what the kernel's releases do",
        ]
    )


def test_nothing_is_said_with_a_tree(pytester: pytest.Pytester):
    pytester.makeconftest(CONFTEST.format(root=str(ROOT)))
    pytester.makepyfile("import pytest\ndef test_a():\n    pytest.skip('no compiler')\n")
    assert "not checked" not in pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.str()


def test_every_file_that_wants_a_tree_has_its_guarantee():
    """And each guarantee still has a test that wants one."""
    mine = {"tests/kit/trees.py", str(Path(__file__).relative_to(ROOT))}
    files = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"\blinux\([^)\n]*\)", path.read_text())
    ]
    wanting = [file for file in files if file not in mine]
    assert {start for start in GUARANTEES if any(file.startswith(start) for file in wanting)} == set(GUARANTEES)
    assert [file for file in wanting if not file.startswith(tuple(GUARANTEES))] == []
