# SPDX-License-Identifier: GPL-2.0-only
"""What came of a stretch of tables. Tallies of disjoint stretches add up in any order; JSON both ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Kind = tuple[str, str]  # kind of divergence, and whose it is: "candidate" or "base"


class Example(NamedTuple):
    """A table: entries in its old table that are not none, block number in the space, table number in the block.

    The smallest of several has the fewest entries, then comes first in the space.
    """

    entries: int
    block: int
    table: int


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of divergence: how many tables show it, and the smallest."""

    tables: int
    smallest: Example


@dataclass(frozen=True)
class Tally:
    """Counts are tables, but of `allowed_kinds` entries. tables = equal + allowed + shared + diverging + undecided."""

    tables: int = 0
    equal: int = 0  # the two left the same behind
    allowed: int = 0  # they differ in what the contract allows, and in nothing else
    shared: int = 0  # they differ, and what is wrong in the one is wrong in the other
    diverging: int = 0
    undecided: int = 0  # a version called what the model does not have
    changed: int = 0  # the two wrote to memory differently
    allowed_kinds: Mapping[str, int] = field(default_factory=dict)
    exercised: Mapping[str, int] = field(default_factory=dict)  # CANDIDATE ran a special path
    found: Mapping[Kind, Found] = field(default_factory=dict)
    why: str = ""  # of an undecided table
    slow: bool = False  # a run took seconds: the stretch ends behind it

    def in_block(self, number: int) -> "Tally":
        """The same with every example in block `number` of the space."""
        found = {kind: replace(one, smallest=one.smallest._replace(block=number)) for kind, one in self.found.items()}
        return replace(self, found=found)

    def to_json(self) -> dict[str, Any]:
        """The JSON object, in an order that is always the same."""
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "allowed_kinds": dict(sorted(self.allowed_kinds.items())),
            "exercised": dict(sorted(self.exercised.items())),
            "found": [
                {"kind": kind, "by": by, "tables": found.tables, "smallest": list(found.smallest)}
                for (kind, by), found in sorted(self.found.items())
            ],
            "why": self.why,
            "slow": self.slow,
        }


COUNTS = ("tables", "equal", "allowed", "shared", "diverging", "undecided", "changed")


def tally_from_json(data: dict[str, Any]) -> Tally:
    """The tally that to_json() gave `data` for. Raises KeyError, TypeError or ValueError."""
    return Tally(
        **{name: int(data[name]) for name in COUNTS},
        allowed_kinds={str(kind): int(count) for kind, count in data["allowed_kinds"].items()},
        exercised={str(path): int(count) for path, count in data["exercised"].items()},
        found={
            (str(one["kind"]), str(one["by"])): Found(int(one["tables"]), Example(*map(int, one["smallest"])))
            for one in data["found"]
        },
        why=str(data["why"]),
        slow=bool(data["slow"]),
    )


def merge(a: Tally, b: Tally) -> Tally:
    """Both stretches as one: associative and commutative, Tally() changes nothing."""
    return Tally(
        **{name: getattr(a, name) + getattr(b, name) for name in COUNTS},
        allowed_kinds=_added(a.allowed_kinds, b.allowed_kinds),
        exercised=_added(a.exercised, b.exercised),
        found={kind: _both(a.found.get(kind), b.found.get(kind)) for kind in {**a.found, **b.found}},
        why=min((why for why in (a.why, b.why) if why), default=""),
        slow=a.slow or b.slow,
    )


def _added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in {**a, **b}}


def _both(a: Found | None, b: Found | None) -> Found:
    if a is None or b is None:
        one = a or b
        assert one is not None
        return one
    return Found(a.tables + b.tables, min(a.smallest, b.smallest))
