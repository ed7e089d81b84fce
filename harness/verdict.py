# SPDX-License-Identifier: GPL-2.0-only
"""What a review of one pair says, as values: Verdict and its Divergences, JSON both ways."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pte_review.harness.explain.difference import StateChanges
from pte_review.harness.judging.kinds import rank
from pte_review.harness.side_by_side import Comparison
from pte_review.models.arch import ARCHES
from pte_review.models.call import Call
from pte_review.models.codec import NOT_IN_JSON, from_json, to_json
from pte_review.models.scenario import Scenario

DIVERGES = "diverges"
FIXES = "fixes"  # all divergences are BASE's alone
NO_DIFFERENCE = "no-difference-found"
INCONCLUSIVE = "inconclusive"
EQUIVALENT = "equivalent"  # only after exhausting a stated space


@dataclass(frozen=True, slots=True)
class At:
    """An entry: the name of its range (`table`), its index there, its virtual address; "" where the run is meant."""

    table: str
    entry: int
    addr: int


@dataclass(frozen=True, slots=True)
class Divergence:
    """One kind of difference with its smallest scenario."""

    kind: str
    severity: str
    arch: str
    at: At
    by: str  # "candidate", or "base" where BASE alone breaks the rule
    examples_to_find: int  # scenarios until it was first seen
    summary: str  # one sentence
    cause: str  # the primitive call that did it, with its values
    reach: str  # how far a running kernel can get there
    difference: StateChanges  # what of the two final states differs, decoded: path, BASE's value, CANDIDATE's
    scenario: Scenario
    # Where the call of `cause` stands in kernel text, such as mm/util.c:12: for people, never in a file.
    line: str = field(default="", compare=False, metadata=NOT_IN_JSON)
    # What the pair left when the divergence was run again from its saved form: for pictures, never in a file.
    comparison: Comparison | None = field(default=None, compare=False, repr=False, metadata=NOT_IN_JSON)
    # The same with smaller contpte blocks than a kernel has, where that is smaller: for pictures, never in a file.
    scaled: "Divergence | None" = field(default=None, compare=False, repr=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True, slots=True)
class Shared:
    """A kind that both versions commit at the same place, and in how many scenarios."""

    kind: str
    examples: int


@dataclass(frozen=True)
class Verdict:
    """One pair under one contract. Counts are scenarios, `allowed` counts entries."""

    subject: str
    base: str
    candidate: str
    contract: str
    verdict: str
    examples: int
    seconds: float
    seed: int
    scenarios: dict[str, int] = field(default_factory=dict)  # `examples` by architecture
    allowed: dict[str, int] = field(default_factory=dict)
    exercised: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # by architecture: where the two wrote to memory differently
    shared: tuple[Shared, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    arches: tuple[str, ...] = ()
    hostile: str | None = None
    why: str = ""  # of an inconclusive verdict
    never_varied: tuple[str, ...] = ()  # fields that kernel text asks and that had one value in all scenarios

    @property
    def kinds(self) -> tuple[str, ...]:
        """The distinct kinds, most severe first."""
        return tuple(sorted({d.kind for d in self.divergences}, key=rank))

    @property
    def added(self) -> tuple[str, ...]:
        """The kinds that CANDIDATE shows where BASE does not, most severe first."""
        return added_kinds(self.divergences)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The kinds that BASE alone shows, most severe first."""
        return fixed_kinds(self.divergences, (shared.kind for shared in self.shared))

    def to_json(self) -> dict[str, Any]:
        """The object of --json (design: fixed interface)."""
        return {
            "subject": self.subject,
            "base": self.base,
            "candidate": self.candidate,
            "contract": self.contract,
            "verdict": self.verdict,
            "examples": self.examples,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "scenarios": self.scenarios,
            "allowed": self.allowed,
            "exercised": self.exercised,
            "changed": self.changed,
            "fixed": list(self.fixed),
            "shared": to_json(self.shared),
            "divergences": to_json(self.divergences),
            "arches": list(self.arches),
            "hostile": self.hostile,
            "why": self.why,
            "never_varied": list(self.never_varied),
        }


def added_kinds(divergences: Iterable[Divergence]) -> tuple[str, ...]:
    """The kinds among `divergences` that are CANDIDATE's, on whichever architecture."""
    return tuple(sorted({d.kind for d in divergences if d.by != "base"}, key=rank))


def fixed_kinds(divergences: Iterable[Divergence], shared: Iterable[str] = ()) -> tuple[str, ...]:
    """The kinds that CANDIDATE does not show at all: neither elsewhere, nor as a kind that both versions show."""
    divergences = list(divergences)
    still_shown = {*added_kinds(divergences), *shared}
    return tuple(sorted({d.kind for d in divergences if d.by == "base"} - still_shown, key=rank))


def verdict_on(divergences: Iterable[Divergence], why: str, otherwise: str) -> str:
    """The verdict: `otherwise` where nothing diverges and there is no reason `why` that could not be decided."""
    whose = {d.by for d in divergences}
    if whose - {"base"}:
        return DIVERGES
    if why:
        return INCONCLUSIVE
    return FIXES if whose else otherwise


def verdict_from_json(data: Any, call: type[Call], path: str = "verdict") -> Verdict:
    """The verdict that to_json() gave `data` for. `call` is the subject's. Raises SchemaError naming the field."""
    if isinstance(data, dict):  # "fixed" follows from the divergences
        data = {name: value for name, value in data.items() if name != "fixed"}
    return from_json(Verdict, data, path, {Call: call})


def sort_key(divergence: Divergence) -> tuple[int, int, str]:
    """Most severe first, then by architecture and version."""
    return rank(divergence.kind), list(ARCHES).index(divergence.arch), divergence.by
