# SPDX-License-Identifier: GPL-2.0-only
"""The counts for a stretch of cases. Tallies of disjoint stretches add up in any order."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

Kind = tuple[str, str]  # kind of divergence, and whose it is: "candidate" or "base"


class Example(NamedTuple):
    """A case: entries of table 0 that are not none, block number in the space, case number in the block.

    The smallest of several has the fewest entries, then comes first in the space.
    """

    entries: int
    block: int
    case: int


@dataclass(frozen=True, slots=True)
class KindCount:
    """One kind of divergence: how many cases show it, and the smallest."""

    tables: int
    smallest: Example


@dataclass(frozen=True)
class SpaceTally:
    """Counts are cases, but of `allowed_kinds` entries.

    `tables` are all cases: equal + allowed + shared + diverging + undecided.
    """

    tables: int = 0
    equal: int = 0  # the two left the same behind
    allowed: int = 0  # they differ in what the contract allows, and in nothing else
    shared: int = 0  # they differ, and what is wrong in the one is wrong in the other
    diverging: int = 0
    undecided: int = 0  # a version called what the model does not have
    changed: int = 0  # the two wrote to memory differently
    allowed_kinds: Mapping[str, int] = field(default_factory=dict)
    exercised: Mapping[str, int] = field(default_factory=dict)  # CANDIDATE ran a special path
    by_kind: Mapping[Kind, KindCount] = field(default_factory=dict)
    why: str = ""  # of an undecided table
    slow: bool = False  # a run took seconds: the stretch ends behind it

    def in_block(self, number: int) -> "SpaceTally":
        """The same with every example in block `number` of the space."""
        by_kind = {
            kind: replace(count, smallest=count.smallest._replace(block=number)) for kind, count in self.by_kind.items()
        }
        return replace(self, by_kind=by_kind)


COUNTS = ("tables", "equal", "allowed", "shared", "diverging", "undecided", "changed")


@dataclass(frozen=True, slots=True)
class SavedKind:
    """A KindCount in a file: `smallest` is an Example."""

    kind: str
    by: str
    tables: int
    smallest: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SavedTally:
    """A SpaceTally in a file."""

    tables: int
    equal: int
    allowed: int
    shared: int
    diverging: int
    undecided: int
    changed: int
    allowed_kinds: dict[str, int]
    exercised: dict[str, int]
    by_kind: tuple[SavedKind, ...]
    why: str
    slow: bool


def saved_tally(tally: SpaceTally) -> SavedTally:
    """`tally` for a file, in an order that is always the same."""
    return SavedTally(
        **{name: getattr(tally, name) for name in COUNTS},
        allowed_kinds=dict(sorted(tally.allowed_kinds.items())),
        exercised=dict(sorted(tally.exercised.items())),
        by_kind=tuple(SavedKind(*kind, count.tables, count.smallest) for kind, count in sorted(tally.by_kind.items())),
        why=tally.why,
        slow=tally.slow,
    )


def tally_of(saved: SavedTally) -> SpaceTally:
    """The tally that saved_tally() gave `saved` for."""
    return SpaceTally(
        **{name: getattr(saved, name) for name in COUNTS},
        allowed_kinds=saved.allowed_kinds,
        exercised=saved.exercised,
        by_kind={(count.kind, count.by): KindCount(count.tables, Example(*count.smallest)) for count in saved.by_kind},
        why=saved.why,
        slow=saved.slow,
    )


def merge(a: SpaceTally, b: SpaceTally) -> SpaceTally:
    """Both stretches as one: associative and commutative, SpaceTally() changes nothing."""
    return SpaceTally(
        **{name: getattr(a, name) + getattr(b, name) for name in COUNTS},
        allowed_kinds=_added(a.allowed_kinds, b.allowed_kinds),
        exercised=_added(a.exercised, b.exercised),
        by_kind={kind: _both(a.by_kind.get(kind), b.by_kind.get(kind)) for kind in {**a.by_kind, **b.by_kind}},
        why=min((why for why in (a.why, b.why) if why), default=""),
        slow=a.slow or b.slow,
    )


def _added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in {**a, **b}}


def _both(a: KindCount | None, b: KindCount | None) -> KindCount:
    if a is None or b is None:
        count = a or b
        assert count is not None
        return count
    return KindCount(a.tables + b.tables, min(a.smallest, b.smallest))
