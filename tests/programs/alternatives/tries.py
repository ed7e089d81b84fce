# SPDX-License-Identifier: GPL-2.0-only
"""What searches came to, how a table tells it, and the file that keeps them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from pte_review.harness.errors import UsageError
from tests.kit.resumable import save

VERSION = 1


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
        """At most 24 characters: `median examples (seeds), seconds +other differences before`."""
        found = [one for one in self.seeds if one.found]
        if not found:
            return self._none()
        example, other = (int(median(getattr(one, name) for one in found)) for name in ("examples", "other"))
        seconds = median(one.seconds for one in found)
        seeds = f" ({len(found)})" if len(found) > 1 else ""
        return f"{example:,}{seeds}, {seconds:.1f} s" + (f" +{other:,}" if other else "")

    def _none(self) -> str:
        examples, other = (sum(getattr(one, name) for one in self.seeds) for name in ("examples", "other"))
        what = "all" if self.seeds[-1].exhausted else "none"  # of the time that the table's header gives
        return f"{what} {examples:,}" + (f" +{other:,}" if other else "")


def load_state(path: Path, seconds: float) -> dict[str, Tries]:
    """The cells that an earlier run measured. Raises UsageError."""
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        cells = {key: Tries([Try(**one) for one in seeds]) for key, seeds in data["cells"].items()}
        usable = data["version"] == VERSION and data["seconds"] == seconds and all(c.seeds for c in cells.values())
    except (ValueError, TypeError, KeyError, AttributeError):
        usable = False
    if not usable:
        raise UsageError(f"{path}: no run with --seconds {seconds:g} that can be resumed; --restart begins anew")
    return cells


def save_state(path: Path, seconds: float, cells: dict[str, Tries]) -> None:
    """Keep the cells in `path`."""
    kept = {key: [asdict(one) for one in tries.seeds] for key, tries in cells.items()}
    save(path, {"version": VERSION, "seconds": seconds, "cells": kept})
