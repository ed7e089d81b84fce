# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as b4 wants results of external checks: JSON for `b4 review`, lines for `b4 prep --check` and `b4 am`."""

from dataclasses import asdict, dataclass

from pte_review.harness.printable import printable
from pte_review.harness.reports.report import fixes_text, pictures, row, verdict_lines
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.verdict import DIVERGES, FIXES, INCONCLUSIVE

TOOL = "pte-review"
PASS, WARN, FAIL = "pass", "warn", "fail"
STATUS = {DIVERGES: FAIL, INCONCLUSIVE: WARN}


@dataclass(frozen=True)
class CheckResult:
    """One result. `details` are shown where the reviewer asks for them."""

    status: str
    summary: str
    details: str = ""
    tool: str = TOOL

    def to_json(self) -> dict[str, str]:
        """The object that b4 reads."""
        return asdict(self)

    def line(self) -> str:
        """One line as checkpatch.pl prints it; nothing of what passes."""
        words = {FAIL: "ERROR", WARN: "WARNING"}
        return f"{words[self.status]}: {self.tool}: {self.summary}" if self.status in words else ""


def result_of(reviewed: Reviewed) -> CheckResult:
    """What b4 shows of a verdict."""
    verdict = reviewed.verdict
    says = fixes_text([verdict]) if verdict.verdict == FIXES else row([verdict]).says
    summary = f"{says}; {verdict.examples:,} scenarios on {' and '.join(verdict.arches)}"
    details = [*reviewed.text.describe(), verdict_lines(verdict), *pictures(verdict, reviewed.subject.words)]
    return CheckResult(STATUS.get(verdict.verdict, PASS), one_line(summary), printable("\n".join(details)))


def one_line(text: str) -> str:
    """`text` as the summary of a result."""
    return printable(" ".join(text.split()))
