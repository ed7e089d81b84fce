# SPDX-License-Identifier: GPL-2.0-only
"""Findings that versions are known to have on legal scenarios although they are right otherwise. A soak counts them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pte_review.models.scenario import Scenario

SHARED = "shared"  # both of a pair have the finding


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """Findings of `kinds` that `versions` may have on the scenarios for which `can_show` holds, and on no other."""

    title: str
    versions: frozenset[str]
    kinds: frozenset[str]
    can_show: Callable[[Scenario], bool]


class KnownOfPair:
    """The findings that are known of a pair of versions, by whose they are."""

    def __init__(self, findings: Sequence[KnownFinding] = (), base: str = "", candidate: str = "") -> None:
        whose = {"base": {base}, "candidate": {candidate}, SHARED: {base, candidate}}
        self.by = {side: [f for f in findings if names <= f.versions] for side, names in whose.items()}

    def title(self, scenario: Scenario, kind: str, by: str) -> str:
        """Which known finding `kind` is on `scenario`, "" if none. `by` is "base", "candidate" or SHARED."""
        return next((f.title for f in self.by[by] if kind in f.kinds and f.can_show(scenario)), "")
