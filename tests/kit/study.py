# SPDX-License-Identifier: GPL-2.0-only
"""What a subject hands to the studies of tests/programs: which versions are mutated, which are right, what is plain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pte_review.harness.known import Bug
from pte_review.harness.subject import Subject
from pte_review.models.config import Config
from pte_review.models.loading import load, load_here
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version

PFN = 0x100  # where the folio of plain scenarios begins


@dataclass(frozen=True)
class Plain:
    """What one varies first: some entries, all in one folio, and one number beside them.

    `scenario` is of the architecture, the entries, that number and the config; entries and number may be symbolic, and
    of the number no more than `beside` says is meant. `bugs` are looked for; `controls` are right versions with what
    their table says of them. Kinds in `unseen` are shown by no table.
    """

    scenario: Callable[[str, Sequence[Any], Any, Config], Scenario]
    beside: Callable[[int], int]  # how many values the number has, for so many entries
    bugs: tuple[Bug, ...]
    controls: tuple[tuple[str, str], ...]
    unseen: frozenset[str]


@dataclass(frozen=True, eq=False)
class Study:
    """Versions are named as people type them: those names are unique over all subjects.

    `mutated` are the originals of `make sensitivity`; `rules` are hostile rules that tell mutants apart which legal
    scenarios do not. `right` are the versions that keep every rule on legal scenarios, the base first; `exact` are
    pairs of them that the contract of this name finds equal as well. `plain` is what alternatives are given.
    """

    subject: Subject
    mutated: tuple[str, ...]
    right: tuple[str, ...]
    plain: Plain
    rules: tuple[str, ...] = ()
    exact: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return self.subject.name

    def full_name(self, version: str) -> str:
        return self.subject.function.full_name(version)

    def versions(self) -> list[str]:
        """Every version that comes with the package."""
        return [self.full_name(version) for version in self.subject.function.ports()]

    def load(self, which: str | Path) -> Version:
        """A version by name, or the port in a file, run in this process."""
        function = self.subject.function
        return load_here(which, function) if isinstance(which, Path) else load(which, function)

    def file(self, version: str) -> Path:
        """The text of a version that comes with the package."""
        function = self.subject.function
        return function.ports()[function.bare_name(version)]
