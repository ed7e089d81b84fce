# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as KTAP, version 1 (Documentation/dev-tools/ktap.rst): what kselftest, kunit.py and kernel CI read.

A subtest for each architecture, in it a test for each kind of divergence, always under the same names and in the same
order, so that one run can be held against another.
"""

from collections.abc import Iterator

from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.printable import printable
from pte_review.harness.reports.report import pictured, verdict_lines
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.verdict import Divergence

VERSION = "KTAP version 1"
INDENT = "  "


def ktap(reviewed: Reviewed) -> str:
    """The whole output, ending with a newline."""
    verdict = reviewed.verdict
    lines = [VERSION, f"1..{len(verdict.arches)}"]
    for line in (*reviewed.text.describe(), *verdict_lines(verdict).splitlines()):
        lines += _diagnostic(line)
    for number, arch in enumerate(verdict.arches, 1):
        new = [d for d in verdict.divergences if d.arch == arch and d.by != "base"]
        lines += [f"{INDENT}{line}" for line in _subtest(reviewed, arch, new)]
        lines.append(_result(number, f"{reviewed.subject.name}.{arch}", failed=bool(new), skipped=_skipped(reviewed)))
    return "\n".join(lines) + "\n"


def _subtest(reviewed: Reviewed, arch: str, divergences: list[Divergence]) -> Iterator[str]:
    yield VERSION
    yield f"# Subtest: {reviewed.subject.name}.{arch}"
    yield f"1..{len(SEVERITY)}"
    for number, kind in enumerate(SEVERITY, 1):
        found_here = [divergence for divergence in divergences if divergence.kind == kind]
        for text, _ in pictured(reviewed.verdict, reviewed.subject.words, found_here):
            for line in text.splitlines():
                yield from _diagnostic(line)
        yield _result(number, kind, failed=bool(found_here), skipped=_skipped(reviewed))


def _skipped(reviewed: Reviewed) -> str:
    """Why nothing is known of what was not found: no test may pass then."""
    return " ".join(printable(reviewed.verdict.why).split()).replace("#", "\\#")


def _result(number: int, name: str, *, failed: bool, skipped: str) -> str:
    if failed:
        return f"not ok {number} {name}"
    return f"ok {number} {name}" + (f" # SKIP {skipped}" if skipped else "")


def _diagnostic(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in printable(text).split("\n")]
