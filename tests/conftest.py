# SPDX-License-Identifier: GPL-2.0-only
"""Compiled kernel text is kept for the session, and the summary says what was not checked without a kernel tree."""

import os
from collections import Counter

import pytest

from tests.kit.trees import NO_TREE

# What tests that need a real kernel tree are for, by the beginning of their names.
GUARANTEES = {
    "tests/bench/": "the figures of kernel text",
    "tests/cli/test_kernel_text_errors.py": "a partial checkout names the files that it lacks",
    "tests/cli/test_kernel_text.py": "`check tree` and `tree+patch` run a real tree",
    "tests/docs/test_output_blocks.py": "the docs show what the commands print of Linux 6.12",
    "tests/harness/reports/test_ktap.py": "kunit.py reads what --ktap prints",
    "tests/models/kernel_tree/": "the sources of 7.3 are parsed",
    "tests/models/native/test_file_readers.py": "no release is refused for what it reads",
    "tests/models/native/test_extract.py": "the source of Linux 6.12 is read and taken apart",
    "tests/models/native/primitives/": "the primitives and words in Python do what the kernel's do",
    "tests/plugin/test_mprotect.py": "pytest reviews a patch to mm/mprotect.c",
    "tests/subjects/move_ptes/test_vma_patches.py": "patches of v7.2 that hang on the VMA are found",
    "tests/subjects/move_ptes/test_fidelity.py": "the versions in Python do what the kernel's releases do",
    "tests/subjects/change_pte_range/": "the same of change_pte_range(): its releases, and patches to mm/mprotect.c",
}


@pytest.fixture(scope="session", autouse=True)
def compiled_in_the_session(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTE_REVIEW_CACHE", str(shared / "compiled"))
        yield


def pytest_terminal_summary(terminalreporter):
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple) and NO_TREE in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.section("not checked: there is no kernel tree")
        terminalreporter.write_line("to check it: run `make trees`")
        for what, count in sorted(unchecked(skipped).items()):
            terminalreporter.write_line(f"{count:6} tests: {what}")


def unchecked(names):
    """How many tests of each guarantee are among those with these names."""
    of = (next((what for start, what in GUARANTEES.items() if name.startswith(start)), "other") for name in names)
    return Counter(of)
