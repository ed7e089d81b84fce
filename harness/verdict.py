# SPDX-License-Identifier: GPL-2.0-only
"""What a review of one pair says, as values: Verdict and its Divergences, JSON both ways."""

from dataclasses import dataclass, field
from typing import Any

from pte_review.harness.judging.kinds import rank
from pte_review.harness.reports.difference import Difference
from pte_review.models.arch import ARCHES
from pte_review.models.codec import from_json, to_json
from pte_review.models.scenario import Scenario

DIVERGES = "diverges"
NO_DIFFERENCE = "no-difference-found"
INCONCLUSIVE = "inconclusive"
EQUIVALENT = "equivalent"  # only after exhausting a stated space


@dataclass(frozen=True, slots=True)
class At:
    """An entry: old or new table, index there, virtual address. Table "" where the whole run is meant."""

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
    difference: Difference  # what of the two final states differs, decoded: path, BASE's value, CANDIDATE's
    scenario: Scenario


@dataclass(frozen=True)
class Verdict:
    """One pair under one contract. Counts are scenarios, `allowed` counts entries."""

    base: str
    candidate: str
    contract: str
    verdict: str
    examples: int
    seconds: float
    seed: int
    allowed: dict[str, int] = field(default_factory=dict)
    exercised: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # by architecture: where the two wrote to memory differently
    shared: tuple[tuple[str, int], ...] = ()  # kinds that both commit at the same place
    divergences: tuple[Divergence, ...] = ()
    arches: tuple[str, ...] = ()
    hostile: str | None = None
    why: str = ""  # of an inconclusive verdict

    @property
    def kinds(self) -> tuple[str, ...]:
        """The distinct kinds, most severe first."""
        return tuple(sorted({d.kind for d in self.divergences}, key=rank))

    def to_json(self) -> dict[str, Any]:
        """The object of --json (design: fixed interface)."""
        return {
            "base": self.base,
            "candidate": self.candidate,
            "contract": self.contract,
            "verdict": self.verdict,
            "examples": self.examples,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "allowed": self.allowed,
            "exercised": self.exercised,
            "changed": self.changed,
            "shared": [{"kind": kind, "examples": count} for kind, count in self.shared],
            "divergences": [divergence_to_json(d) for d in self.divergences],
            "arches": list(self.arches),
            "hostile": self.hostile,
            "why": self.why,
        }


def divergence_to_json(divergence: Divergence) -> dict[str, Any]:
    data: dict[str, Any] = to_json(divergence)
    return data


def verdict_from_json(data: dict[str, Any]) -> Verdict:
    """The verdict that to_json() gave `data` for. Raises SchemaError naming the field."""
    return Verdict(
        base=data["base"],
        candidate=data["candidate"],
        contract=data["contract"],
        verdict=data["verdict"],
        examples=data["examples"],
        seconds=data["seconds"],
        seed=data["seed"],
        allowed=data["allowed"],
        exercised=data["exercised"],
        changed=data["changed"],
        shared=tuple((shared["kind"], shared["examples"]) for shared in data["shared"]),
        divergences=tuple(
            from_json(Divergence, item, f"verdict.divergences[{i}]") for i, item in enumerate(data["divergences"])
        ),
        arches=tuple(data["arches"]),
        hostile=data["hostile"],
        why=data["why"],
    )


def sort_key(divergence: Divergence) -> tuple[int, int, str]:
    """Most severe first, then by architecture and version."""
    return rank(divergence.kind), list(ARCHES).index(divergence.arch), divergence.by
