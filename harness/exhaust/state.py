# SPDX-License-Identifier: GPL-2.0-only
"""How far a job has come, in a file that an interruption leaves whole."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.shards import WHOLE, Shard
from pte_review.harness.exhaust.tally import Tally, merge, tally_from_json
from pte_review.models.scenario import ranges

VERSION = 1


@dataclass
class State:
    """Pieces that are done, by number, and what came of them by architecture; pieces whose process died, with why."""

    digest: str
    size: int  # tables a piece
    shard: Shard = WHOLE
    done: set[int] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=dict)
    crashed: dict[int, str] = field(default_factory=dict)
    seconds: float = 0

    def add(self, number: int, arch: str, result: Tally | str) -> None:
        """The result of a piece, or how its process died. A piece counts once."""
        if number in self.done:
            return
        if isinstance(result, str):
            self.crashed[number] = result
            return
        self.done.add(number)
        self.crashed.pop(number, None)
        self.tallies[arch] = merge(self.tallies.get(arch, Tally()), result)

    @property
    def tables(self) -> int:
        return sum(tally.tables for tally in self.tallies.values())

    def to_json(self) -> dict[str, Any]:
        """The JSON object. `done` are ranges of places in the shard, so that every shard's is short."""
        places = {(number - self.shard.number + 1) // self.shard.of for number in self.done}
        return {
            "version": VERSION,
            "digest": self.digest,
            "size": self.size,
            "shard": list(self.shard),
            "done": [list(one) for one in ranges(places)],
            "tallies": {arch: tally.to_json() for arch, tally in self.tallies.items()},
            "crashed": {str(number): why for number, why in sorted(self.crashed.items())},
            "seconds": round(self.seconds, 3),
        }


def state_from_json(data: dict[str, Any]) -> State:
    """The state that to_json() gave `data` for. Raises KeyError, TypeError or ValueError."""
    if data["version"] != VERSION:
        raise ValueError(data["version"])
    shard = Shard(*map(int, data["shard"]))
    places: Iterable[int] = (place for first, end in data["done"] for place in range(first, end))
    return State(
        digest=str(data["digest"]),
        size=int(data["size"]),
        shard=shard,
        done={shard.number - 1 + place * shard.of for place in places},
        tallies={arch: tally_from_json(tally) for arch, tally in data["tallies"].items()},
        crashed={int(number): str(why) for number, why in data["crashed"].items()},
        seconds=float(data["seconds"]),
    )


def state_path(digest: str, shard: Shard) -> Path:
    """Where a job keeps its progress: in the user's cache folder, whatever folder it is called from."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    part = "" if shard == WHOLE else f"-{shard.number}-of-{shard.of}"
    return Path(cache) / "pte-review" / f"exhaust-{digest}{part}.json"


def load_state(path: Path) -> State | None:
    """What `path` holds; None if there is no such file. Raises UsageError."""
    if not path.exists():
        return None
    try:
        return state_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{path}: no progress that can be resumed; --restart begins anew") from None


def save_state(path: Path, state: State) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(state.to_json()) + "\n", encoding="utf-8")
    partial.replace(path)
