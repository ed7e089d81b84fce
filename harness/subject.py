# SPDX-License-Identifier: GPL-2.0-only
"""A subject: a function under review, and everything that the kit asks about it. The kit itself knows no function.

A subject has one room on each floor: models/<function>/ (versions, the call, legal rules of its own),
strategies/<function>.py (scenarios) and harness/subjects/<function>/ (the rest; subject.py there fills in this class).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pte_review.models.function import Function
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version
from pte_review.strategies.drawn import Recipe

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pte_review.harness.costs.workload import Claim, Workload
    from pte_review.harness.exhaust.block import Block
    from pte_review.harness.judging.contracts import Clause
    from pte_review.harness.judging.promise import Promise
    from pte_review.harness.known import Bug, Thread
    from pte_review.harness.known_finding import KnownFinding
    from pte_review.harness.live.reproduce.call import Caller
    from pte_review.models.native.binding import Binding

Step = Callable[[Scenario], Iterator[Scenario]]  # proposes simpler scenarios


class Scenarios(Protocol):
    """The strategy of a subject: scenarios of `arch` (all without it), legal unless `hostile` names a rule to break."""

    __qualname__: str  # it is a plain function

    def __call__(
        self, arch: str | Sequence[str] | None = None, hostile: str | None = None
    ) -> "SearchStrategy[Scenario]": ...


@dataclass(frozen=True)
class Words:
    """What people are told of a scenario in terms of the function."""

    headline: Callable[[Scenario], str]  # of a picture: `move   2 pages from 0x7f0000000000 to 0x7f0000200000`
    options: Callable[[Scenario], list[str]]  # what of the call is not ordinary
    system_call: str  # that reaches the function
    recipes: Callable[[Scenario], Iterator[str]] = lambda _: iter(())  # how its call comes to be other than ordinary
    sentences: Mapping[str, str] = field(default_factory=dict)  # by kind, in the place of the kit's (judging/kinds.py)
    reached: Mapping[str, str] = field(default_factory=dict)  # by recipe, the kernels on which it made its state


@dataclass(frozen=True)
class Steps:
    """What minimising proposes beside the kit's own steps, at the three places where it asks."""

    fewer_slots: tuple[Step, ...] = ()  # shorter ranges
    ordinary_call: tuple[Step, ...] = ()  # what the caller adds, locks, tables that map
    plainer_place: tuple[Step, ...] = ()  # where the ranges lie


class Space(Protocol):
    """The blocks of an architecture for ranges of `entries` entries, always in the same order."""

    def __call__(self, arch: str, entries: int) -> "tuple[Block, ...]": ...


@dataclass(frozen=True)
class Replayed:
    """A recording held against a version: text for people, its records, and those that the kernel left otherwise."""

    text: str
    records: int
    otherwise: int


class Recordings(Protocol):
    """Files that hold what the function did on a running kernel."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The C of the program that makes them (harness/live/record.py); none: they are only read."""

    def is_of(self, function: str) -> bool:
        """Whether a file that says this of its function is one; it is empty where it says none."""

    def arches(self, path: Path) -> set[str]:
        """Read the file and say on which architectures it was recorded. Raises UsageError."""

    def kernel(self, path: Path) -> str:
        """The release that the file was recorded on, as uname has it. Raises UsageError."""

    def replay(self, path: Path, version: Version) -> Replayed:
        """What `version` predicts of the file. Raises UsageError."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One function under review. `location` is where this value can be imported from, as `module:NAME`."""

    function: Function
    location: str
    promise: "Callable[[Scenario], Promise]"
    scenarios: Scenarios  # for @given
    recipe: Recipe  # what they are made by
    rules: Mapping[str, str]  # that a hostile scenario may break: the kit's and its own
    words: Words
    base: str  # the version that others are compared with where none is named
    steps: Steps = Steps()
    clauses: "tuple[Clause, ...]" = ()  # what the contracts say, part by part
    space: "Space | None" = None  # of exhaust
    thread: "Thread | None" = None  # the review of the mails, with the verdicts known
    bugs: "tuple[Bug, ...]" = ()
    known: "tuple[KnownFinding, ...]" = ()  # of versions that are right otherwise
    workloads: "Mapping[str, Workload]" = field(default_factory=dict)
    compared_costs: tuple[str, ...] = ()  # versions that `cost` compares where none is named
    growth: tuple[str, ...] = ()  # workloads on which growth with size is looked at
    claims: "Callable[[], list[Claim]] | None" = None
    recordings: Recordings | None = None
    binding: "Binding | None" = None  # how kernel text is called
    caller: "Caller | None" = None  # how a running kernel is made to call it
    upgrade: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # a counterexample of version 1 to version 2

    @property
    def name(self) -> str:
        """The name of the function and of its rooms."""
        return self.function.name

    def __repr__(self) -> str:
        return f"<subject {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], "Subject"], tuple[str]]:
        """Another process imports it: its functions do not travel."""
        return subject_at, (self.location,)


def subject_at(location: str) -> Subject:
    """The subject at `module:NAME`."""
    module, _, name = location.partition(":")
    subject: Subject = getattr(import_module(module), name)
    return subject
