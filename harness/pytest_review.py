# SPDX-License-Identifier: GPL-2.0-only
"""The reviews and replays that a pytest run was asked for, as its items."""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pte_review.harness.cli.endings import OUR_MISTAKE, our_mistake
from pte_review.harness.files.counterexample import Counterexample, read, replay
from pte_review.harness.kernel_text import PATCHED, TREE, KernelText, Needed, load_needed, texts_of
from pte_review.harness.patch_names import patches_named
from pte_review.harness.pytest_plugin import properties
from pte_review.harness.reports.picture import picture
from pte_review.harness.reports.report import pictures, verdict_lines
from pte_review.harness.review import check_call, chosen_arches, review
from pte_review.harness.subject import Subject
from pte_review.harness.subjects import SUBJECTS, choose
from pte_review.harness.verdict import FIXES, NO_DIFFERENCE, added_kinds


@dataclass(frozen=True)
class Asked:
    """What the options ask for: a pair to review, if any, and counterexamples to replay."""

    option: Namespace
    subject: Subject
    texts: dict[str, KernelText]  # by the name of the subject
    pair: tuple[str, str] | None
    saved: tuple[tuple[Path, Counterexample], ...]

    def items(self, session: pytest.Session) -> Iterator[pytest.Item]:
        """A review for each architecture, a replay for each file."""
        if self.pair is not None:
            name = Path(self.pair[1]).name
            for arch in chosen_arches(self.subject, self.option.review_arch, self.option.review_hostile):
                yield ReviewItem.from_parent(session, name=f"review[{name}-{arch}]", asked=self, arch=arch)
        for path, counterexample in self.saved:
            item = {"asked": self, "path_to_file": path, "counterexample": counterexample}
            yield ReplayItem.from_parent(session, name=f"replay[{path}]", **item)

    def described(self) -> list[str]:
        """What the names of kernel text stand for, a line each."""
        return [line for text in self.texts.values() for line in text.describe()]


def asked(option: Namespace) -> Asked:
    """What the options ask for, loaded and compiled. Raises UsageError or VersionError."""
    if option.review_trust:
        from pte_review.models.native.confinement import trust  # with kernel text only

        trust()
    saved = tuple((path, read(path, SUBJECTS)) for path in map(Path, option.review_replay))
    tree = Path(option.review_tree) if option.review_tree else None
    rev, patches = patches_named(SUBJECTS.values(), tree, option.review_rev, option.review_patch, option.review_range)
    named = [version for version in (option.review_base, option.review_candidate) if version]
    subject = choose(option.review_subject or (saved[0][1].subject if saved else None), named, patches)
    check_call(subject, option.review_arch, option.review_contract, option.review_hostile, option.review_max_examples)
    needed = [_needed(option, counterexample) for _, counterexample in saved]
    if (pair := _pair(option, subject)) is not None:
        arches = chosen_arches(subject, option.review_arch, option.review_hostile)
        needed.append(Needed(subject, pair, frozenset(arches)))
    texts = texts_of(needed, tree, rev, patches)
    load_needed(texts, needed)
    return Asked(option, subject, texts, pair, saved)


def _pair(option: Namespace, subject: Subject) -> tuple[str, str] | None:
    """BASE and CANDIDATE of a review; None where only counterexamples are replayed."""
    if option.review_replay and not option.review_candidate:
        return None
    patched = bool(option.review_patch or option.review_range)
    candidate = option.review_candidate or (PATCHED if patched else TREE)
    default = TREE if patched and not option.review_candidate else subject.base
    return option.review_base or default, candidate


def _needed(option: Namespace, counterexample: Counterexample) -> Needed:
    versions = option.review_base or counterexample.base, option.review_candidate or counterexample.candidate
    return Needed(SUBJECTS[counterexample.subject], versions, frozenset({counterexample.divergence.arch}))


class DivergesError(Exception):
    """A review that failed: one line, shown in place of a traceback and in the summary."""


class _Item(pytest.Item):
    def __init__(self, *, asked: Asked, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked = asked

    def fail(self, headline: str, text: str) -> NoReturn:
        """Fail with `headline`; `text`, of any length, is shown below it."""
        self.add_report_section("call", "review", text)
        raise DivergesError(headline)

    def runtest(self) -> None:
        try:
            self.review()
        except DivergesError:
            raise
        except Exception as error:  # no verdict, and no failure of whoever is reviewed
            pytest.exit(f"pte-review: {our_mistake(error)}", returncode=OUR_MISTAKE)

    def review(self) -> None:
        """Raise DivergesError where there is something to show."""
        raise NotImplementedError

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

    def review(self) -> None:
        option, subject = self.asked.option, self.asked.subject
        assert self.asked.pair is not None
        base, candidate = map(self.asked.texts[subject.name].load, self.asked.pair)
        (verdict,) = review(
            subject,
            [(base, candidate)],
            arch=self.arch,
            contract=option.review_contract,
            hostile=option.review_hostile,
            max_examples=option.review_max_examples,
            seed=option.review_seed,
        )
        self.user_properties.extend(properties(verdict))
        if verdict.verdict in (NO_DIFFERENCE, FIXES):
            return
        kinds = ", ".join(verdict.added or verdict.kinds)
        headline = f"{verdict.base} -> {verdict.candidate}: {verdict.verdict}: {kinds}"
        headline += f"; also fixes: {', '.join(verdict.fixed)}" if verdict.added and verdict.fixed else ""
        described = "".join(f"{line}\n" for line in self.asked.described())
        self.fail(headline, "\n".join([described + verdict_lines(verdict), *pictures(verdict, subject.words)]))


class ReplayItem(_Item):
    """One counterexample, run again."""

    def __init__(self, *, path_to_file: Path, counterexample: Counterexample, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path_to_file, self.counterexample = path_to_file, counterexample

    def review(self) -> None:
        needed = _needed(self.asked.option, self.counterexample)
        subject = needed.subject
        base, candidate = map(self.asked.texts[subject.name].load, needed.versions)
        divergences = replay(subject, self.counterexample, base, candidate)
        if added_kinds(divergences):
            shown = [picture(divergence, base.name, candidate.name, subject.words) for divergence in divergences]
            self.fail(f"{self.path_to_file}: still diverges", "\n".join(shown))
