# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as kernel CI reads it: by kunit.py's own parser, from the tree; and what must not pass does not."""

import importlib
import inspect
import io
import sys
from dataclasses import replace

import pytest

from pte_review.harness import check
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.reports.ktap import ktap
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import INCONCLUSIVE
from tests.kit.golden import assert_golden
from tests.kit.trees import HOW, linux


@pytest.fixture(scope="module")
def v4():
    return check("pre_patch", "v4", max_examples=200)


def text(verdict):
    return ktap(Reviewed(MOVE_PTES, verdict, KernelText(MOVE_PTES), []))


@pytest.fixture
def parser(monkeypatch):
    """tools/testing/kunit/kunit_parser.py of Linux 6.12."""
    folder = linux() / "tools" / "testing" / "kunit"
    if not (folder / "kunit_parser.py").is_file():
        pytest.skip(f"{HOW} (6.12 with tools/testing/kunit)")
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("kunit_parser"), importlib.import_module("kunit_printer")
    for name in ("kunit_parser", "kunit_printer"):
        sys.modules.pop(name, None)


def parsed(parser, output):
    """The suites as kunit.py has them, their statuses by name, and its counts; it must find no fault with the text."""
    module, printer = parser
    takes_a_printer = len(inspect.signature(module.parse_run_tests).parameters) > 1
    more = [printer.Printer(io.StringIO())] if takes_a_printer else []
    test = module.parse_run_tests(output.splitlines(), *more)
    assert test.counts.errors == 0
    statuses = {suite.name: {case.name: case.status.name for case in suite.subtests} for suite in test.subtests}
    return test, statuses


def test_kunit_reads_a_verdict(parser, v4):
    test, statuses = parsed(parser, text(v4))
    assert list(statuses) == ["move_ptes.x86_64", "move_ptes.arm64"]
    failed = {(d.arch, d.kind) for d in v4.divergences}
    for arch in ("x86_64", "arm64"):
        expected = {kind: "FAILURE" if (arch, kind) in failed else "SUCCESS" for kind in SEVERITY}
        assert statuses[f"move_ptes.{arch}"] == expected
    assert ("x86_64", "write-gained") in failed
    assert test.status.name == "FAILURE"
    assert test.counts.failed == len(failed)


def test_kunit_shows_the_picture(parser, v4):
    test, _ = parsed(parser, text(v4))
    log = next(case.log for suite in test.subtests for case in suite.subtests if case.name == "write-gained")
    assert any("v4 makes new[1] writable" in line for line in log)


def test_nothing_found(parser):
    test, statuses = parsed(parser, text(check("v4", "v4_fixed", max_examples=40)))  # only fixes
    assert test.status.name == "SUCCESS"
    assert {status for suite in statuses.values() for status in suite.values()} == {"SUCCESS"}


def test_what_is_not_known_does_not_pass(parser, v4):
    unknown = replace(v4, verdict=INCONCLUSIVE, divergences=(), why="no compiler #1\nok 2 entry-lost")
    test, statuses = parsed(parser, text(unknown))
    assert {status for suite in statuses.values() for status in suite.values()} == {"SKIPPED"}
    assert test.counts.passed == 0


def test_what_is_not_known_beside_what_was_found(parser, v4):
    _, statuses = parsed(parser, text(replace(v4, why="time was up")))
    assert statuses["move_ptes.x86_64"]["write-gained"] == "FAILURE"
    assert set(statuses["move_ptes.x86_64"].values()) == {"FAILURE", "SKIPPED"}


def test_a_stranger_adds_no_result(parser, v4):
    """Names of files are shown; a line of them is no line of the output."""
    hostile = replace(v4, candidate="v4\nok 1 move_ptes.x86_64\n# \x1b[2J", divergences=())
    _, statuses = parsed(parser, text(hostile))
    assert list(statuses) == ["move_ptes.x86_64", "move_ptes.arm64"]
    assert "\x1b" not in text(hostile)
    assert "\nok 1 move_ptes.x86_64\n#" not in text(hostile)


def test_as_it_comes_out(v4):
    x86 = replace(
        v4, arches=("x86_64",), divergences=tuple(d for d in v4.divergences if d.arch == "x86_64"), seconds=1.0
    )
    assert_golden("ktap", text(x86))
