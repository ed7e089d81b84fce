# SPDX-License-Identifier: GPL-2.0-only
"""`pytest --base A --candidate FILE.py` reviews a pair, `pytest --replay FILE` runs counterexamples again.

`pytest --tree DIR --patch FILE` reviews a patch on a kernel tree: base `tree`, candidate `tree+patch`.

Also the fixture `record_verdict` for tests that assert verdicts themselves, and the verdict matrix in the summary.
Everything of pte-review is imported where it is used: the plugin is loaded by every pytest run of its environment.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from pte_review.harness.kernel_text import KernelText
    from pte_review.harness.verdict import Verdict
    from pte_review.models.port import Version

PROPERTY = "pte-review"
DEFAULT_BASE = "pre_patch"
NAMED_BASE: "pytest.StashKey[str | None]" = pytest.StashKey()  # --base, where it was given
TEXT: "pytest.StashKey[KernelText]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pte-review", "review a version of a kernel function on generated page tables")
    group.addoption("--base", help="version or .py file to compare with (default: pre_patch, or tree with --patch)")
    group.addoption("--candidate", help="version or .py file to review; runs only that review")
    group.addoption("--tree", metavar="PATH", help="kernel source tree: its C is the version 'tree'")
    group.addoption("--rev", metavar="REV", help="a revision of the git repository at --tree")
    group.addoption(
        "--patch", action="append", default=[], metavar="FILE", help="diff or mail on the tree: version 'tree+patch'"
    )
    group.addoption("--arch", help="one architecture instead of all")
    group.addoption("--contract", default="folio-ad", help="folio-ad (default) or exact")
    group.addoption("--hostile", help="break this rule of legal tables")
    group.addoption("--max-examples", type=int, default=1000, help="scenarios for each architecture (default: 1000)")
    group.addoption("--review-seed", type=int, default=0, help="seed of the review (default: 0)")
    group.addoption("--replay", action="append", default=[], metavar="FILE", help="counterexample to run again")


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    if not _asked(config):
        for name, given in (("--base", option.base), ("--rev", option.rev), ("--patch", option.patch)):
            if given:
                needs = "--candidate, --tree or --replay" if name == "--base" else "--tree"
                raise pytest.UsageError(f"pte-review: {name} needs {needs}")
        return
    from pte_review.harness.errors import UsageError
    from pte_review.harness.files.counterexample import read
    from pte_review.harness.review import check_call
    from pte_review.models.port import VersionError

    if option.tree and not option.replay:
        option.base = option.base or ("tree" if option.patch and not option.candidate else DEFAULT_BASE)
        option.candidate = option.candidate or ("tree+patch" if option.patch else "tree")
    config.stash[NAMED_BASE] = option.base
    option.base = option.base or DEFAULT_BASE
    try:  # before anything runs
        check_call(option.arch, option.contract, option.hostile, option.max_examples)
        if option.candidate:
            _versions(config)
        again = [read(Path(path)) for path in option.replay]
        if again and (option.tree or not option.candidate):
            named = [name for one in again for name in (one.base, option.candidate or one.candidate)]
            _kernel_text(config).load_all(*named, arches={one.divergence.arch for one in again})
    except (UsageError, VersionError) as error:
        raise pytest.UsageError("\n".join([f"pte-review: {error}", *getattr(error, "details", ())])) from None


def _kernel_text(config: pytest.Config) -> "KernelText":
    """What the versions `tree` and `tree+patch` are in this run."""
    from pte_review.harness.kernel_text import KernelText

    if TEXT not in config.stash:
        option = config.option
        tree = Path(option.tree) if option.tree else None
        config.stash[TEXT] = KernelText(tree, option.rev, tuple(map(Path, option.patch)))
    return config.stash[TEXT]


def _versions(config: pytest.Config) -> "list[Version]":
    """Base and candidate. Raises UsageError or VersionError."""
    from pte_review.harness.review import chosen_arches

    option = config.option
    return _kernel_text(config).load_all(
        option.base, option.candidate, arches=chosen_arches(option.arch, option.hostile)
    )


def _asked(config: pytest.Config) -> bool:
    return bool(config.option.candidate or config.option.replay or config.option.tree)


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """A review is all that runs when one is asked for: no test files are collected."""
    return True if _asked(config) else None


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    if not _asked(config):
        return
    from pte_review.harness.review import chosen_arches

    items.clear()
    if config.option.candidate:
        name = Path(config.option.candidate).name
        items.extend(
            ReviewItem.from_parent(session, name=f"review[{name}-{arch}]", arch=arch)
            for arch in chosen_arches(config.option.arch, config.option.hostile)
        )
    items.extend(
        ReplayItem.from_parent(session, name=f"replay[{path}]", path_to_file=Path(path))
        for path in config.option.replay
    )


class DivergesError(Exception):
    """A review that failed: one line, shown in place of a traceback and in the summary."""


class _Item(pytest.Item):
    def fail(self, headline: str, text: str) -> NoReturn:
        """Fail with `headline`; `text`, of any length, is shown below it."""
        self.add_report_section("call", "review", text)
        raise DivergesError(headline)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, DivergesError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath, None, self.name


class ReviewItem(_Item):
    """One candidate on one architecture."""

    def __init__(self, *, arch: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arch = arch

    def runtest(self) -> None:
        from pte_review.harness.reports.report import pictures, verdict_lines
        from pte_review.harness.review import check
        from pte_review.harness.verdict import NO_DIFFERENCE

        option = self.config.option
        ours, theirs = _versions(self.config)
        verdict = check(
            ours,
            theirs,
            arch=self.arch,
            contract=option.contract,
            hostile=option.hostile,
            max_examples=option.max_examples,
            seed=option.review_seed,
        )
        self.user_properties.append((PROPERTY, verdict.to_json()))
        if verdict.verdict != NO_DIFFERENCE:
            shown = pictures(verdict, ours, theirs)
            headline = f"{verdict.base} -> {verdict.candidate}: {verdict.verdict}: {', '.join(verdict.kinds)}"
            texts = [f"{line}\n" for line in _kernel_text(self.config).describe()]
            self.fail(headline, "\n".join(["".join(texts) + verdict_lines(verdict), *shown]))


class ReplayItem(_Item):
    """One counterexample, run again."""

    def __init__(self, *, path_to_file: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path_to_file = path_to_file

    def runtest(self) -> None:
        from pte_review.harness.files.counterexample import read, replay
        from pte_review.harness.reports.picture import picture

        content, text = read(self.path_to_file), _kernel_text(self.config)
        named = self.config.option.candidate or content.candidate
        base = self.config.stash[NAMED_BASE] or content.base
        again = replay(content, text.load(base), text.load(named))
        if again.divergences:
            shown = [picture(d, again.base.name, again.candidate.name, again.sitting) for d in again.divergences]
            self.fail(f"{self.path_to_file}: still diverges", "\n".join(shown))


@pytest.fixture
def record_verdict(request: pytest.FixtureRequest) -> Callable[["Verdict"], "Verdict"]:
    """Puts a Verdict into the matrix of the terminal summary, and returns it."""

    def record(verdict: "Verdict") -> "Verdict":
        request.node.user_properties.append((PROPERTY, verdict.to_json()))
        return verdict

    return record


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The verdict matrix, also of workers' reports."""
    found = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if found:
        from pte_review.harness.reports.report import matrix, rows_from_json

        terminalreporter.section("verdicts of pte-review")
        text = terminalreporter.config.stash.get(TEXT, None)
        for line in text.describe() if text is not None else ():
            terminalreporter.write_line(line)
        terminalreporter.write(matrix(rows_from_json(found)))
