# SPDX-License-Identifier: GPL-2.0-only
"""`pytest --review-candidate FILE.py` reviews a version, `pytest --review-replay FILE` runs counterexamples again.

`pytest --review-tree DIR --review-patch FILE` reviews a patch on a kernel tree: base `tree`, candidate `tree+patch`.

Also the fixture `record_verdict` for tests that assert verdicts themselves, and the verdict matrix in the summary.
Everything else of pte-review is imported where it is used: the plugin is loaded by every pytest run of its environment.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pte_review.harness.pytest_review import Asked
    from pte_review.harness.verdict import Verdict

PROPERTY = "pte-review"
KINDS = f"{PROPERTY}.kinds"
ASKED: "pytest.StashKey[Asked]" = pytest.StashKey()
NEEDS = {
    "base": "--review-candidate, --review-tree or --review-replay",
    "rev": "--review-tree",
    "range": "--review-tree",
    "patch": "--review-tree",
}
OPTION = re.compile(r"--(base|candidate|tree|rev|range|patch|subject|arch|contract|hostile|replay)\b")
NAMES = ("base", "candidate", "tree", "rev", "range", "patch", "subject", "arch", "contract", "hostile", "replay")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pte-review", "review a version of a kernel function on generated page tables")
    add = group.addoption
    add("--review-base", metavar="VERSION", help="version or .py file to compare with")
    add("--review-candidate", metavar="VERSION", help="version or .py file to review; runs only that review")
    add("--review-tree", metavar="PATH", help="kernel source tree: its C is the version 'tree'")
    add("--review-rev", metavar="REV", help="a revision of the git repository at --review-tree")
    add("--review-trust", action="store_true", help="run the C also where this kernel refuses to confine it")
    add("--review-range", metavar="A..B", help="commits of the repository at --review-tree, instead of patches")
    patch = "diff, mail, - for stdin, or message-id: version 'tree+patch'; repeatable"
    add("--review-patch", action="append", default=[], metavar="FILE", help=patch)
    add("--review-subject", metavar="NAME", help="the function under review, where the versions do not say it")
    add("--review-arch", metavar="ARCH", help="one architecture instead of all")
    add("--review-contract", metavar="NAME", default="folio-ad", help="folio-ad (default) or exact")
    add("--review-hostile", metavar="RULE", help="break this rule of legal tables")
    add("--review-max-examples", type=int, default=1000, metavar="N", help="scenarios an architecture (default: 1000)")
    add("--review-seed", type=int, default=0, metavar="N", help="seed of the review (default: 0)")
    replay = "counterexample to run again; repeatable"
    add("--review-replay", action="append", default=[], metavar="FILE", help=replay)


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    given = {name: getattr(option, f"review_{name}") for name in NAMES}
    for name, value in given.items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise pytest.UsageError(f"pte-review: --review-{name}: expected a value, got ''")
    if not (given["candidate"] or given["replay"] or given["tree"]):
        for name, needs in NEEDS.items():
            if given[name]:
                raise pytest.UsageError(f"pte-review: --review-{name} needs {needs}")
        return
    from pte_review.harness.errors import UsageError
    from pte_review.harness.pytest_review import asked
    from pte_review.models.version import VersionError

    try:  # before anything runs
        config.stash[ASKED] = asked(option)
    except (UsageError, VersionError) as error:
        message = OPTION.sub(r"--review-\1", str(error))  # the command line's options go without the prefix
        raise pytest.UsageError("\n".join([f"pte-review: {message}", *getattr(error, "details", ())])) from None


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """A review is all that runs when one is asked for: no test files are collected."""
    return True if ASKED in config.stash else None


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    if ASKED in config.stash:
        items[:] = config.stash[ASKED].items(session)


@pytest.fixture
def record_verdict(request: pytest.FixtureRequest) -> Callable[["Verdict"], "Verdict"]:
    """Puts a Verdict into the matrix of the terminal summary, and returns it."""

    def record(verdict: "Verdict") -> "Verdict":
        request.node.user_properties.extend(properties(verdict))
        return verdict

    return record


def properties(verdict: "Verdict") -> list[tuple[str, object]]:
    """What a report has of a verdict: all of it, and for JUnit files its word and its kinds apart."""
    kinds = (KINDS, " ".join(verdict.kinds))
    return [(PROPERTY, verdict.to_json()), (f"{PROPERTY}.verdict", verdict.verdict), kinds]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The verdict matrix, also of workers' reports."""
    recorded = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if not recorded:
        return
    from pte_review.harness.reports.report import matrix, rows
    from pte_review.harness.subjects import SUBJECTS
    from pte_review.harness.verdict import verdict_from_json

    terminalreporter.section("verdicts of pte-review")
    run = terminalreporter.config.stash.get(ASKED, None)
    for line in run.described() if run is not None else ():
        terminalreporter.write_line(line)
    calls = {name: subject.function.call for name, subject in SUBJECTS.items()}
    verdicts = [verdict_from_json(data, calls[data["subject"]]) for data in recorded]
    terminalreporter.write(matrix(rows(verdicts)))
