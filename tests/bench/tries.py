# SPDX-License-Identifier: GPL-2.0-only
"""What searches came to, and how a table tells it."""

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Try:
    """One search: whether it found what it was for, at which example, after how many differences of other kinds."""

    found: bool
    examples: int  # scenarios, lists or paths, the last one included
    other: int
    seconds: float
    exhausted: bool = False  # there was nothing left to try


@dataclass
class Tries:
    """The searches for one thing, a seed each; the last one finds nothing where time was up."""

    seeds: list[Try] = field(default_factory=list)

    def __str__(self) -> str:
        """At most 24 characters: `median examples (seeds), seconds, other differences before`."""
        found = [one for one in self.seeds if one.found]
        if not found:
            return self._none()
        example, other = (int(median(getattr(one, name) for one in found)) for name in ("examples", "other"))
        seconds = median(one.seconds for one in found)
        seeds = f" ({len(found)})" if len(found) > 1 else ""
        return f"{example:,}{seeds}, {seconds:.1f} s" + (f", +{other:,}" if other else "")

    def _none(self) -> str:
        examples, other = (sum(getattr(one, name) for one in self.seeds) for name in ("examples", "other"))
        seconds = sum(one.seconds for one in self.seeds)
        what = "all" if self.seeds[-1].exhausted else "none"
        return f"{what} {examples:,}, {seconds:.0f} s" + (f", +{other:,}" if other else "")
