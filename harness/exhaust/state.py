# SPDX-License-Identifier: GPL-2.0-only
"""The progress of a job, in a file that stays whole when the run is interrupted."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.shards import WHOLE, Shard
from pte_review.harness.exhaust.tally import SavedTally, SpaceTally, merge, saved_tally, tally_of
from pte_review.harness.files.writing import write_whole
from pte_review.models.codec import SchemaError, from_json, to_json
from pte_review.models.native.cache import usable_folder
from pte_review.models.scenario import page_ranges

VERSION = 2
MOST_PIECES = 1 << 32


@dataclass
class State:
    """Pieces that are done, by number, and what came of them by architecture; pieces whose process died, with why."""

    digest: str
    size: int  # tables a piece
    shard: Shard = WHOLE
    done: set[int] = field(default_factory=set)
    tallies: dict[str, SpaceTally] = field(default_factory=dict)
    crashed: dict[int, str] = field(default_factory=dict)
    seconds: float = 0

    def add(self, number: int, arch: str, result: SpaceTally | str) -> None:
        """The result of a piece, or how its process died. A piece counts once."""
        if number in self.done:
            return
        if isinstance(result, str):
            self.crashed[number] = result
            return
        self.done.add(number)
        self.crashed.pop(number, None)
        self.tallies[arch] = merge(self.tallies.get(arch, SpaceTally()), result)

    @property
    def tables(self) -> int:
        return sum(tally.tables for tally in self.tallies.values())

    def saved(self) -> "SavedState":
        """The state for a file. `done` are ranges of places in the shard, so that every shard's is short."""
        places = {(number - self.shard.number + 1) // self.shard.of for number in self.done}
        return SavedState(
            digest=self.digest,
            size=self.size,
            shard=(self.shard.number, self.shard.of),
            done=page_ranges(places),
            tallies={arch: saved_tally(tally) for arch, tally in self.tallies.items()},
            crashed={str(number): why for number, why in sorted(self.crashed.items())},
            seconds=round(self.seconds, 3),
        )


@dataclass(frozen=True, slots=True)
class SavedState:
    """A State in a file."""

    digest: str
    size: int
    shard: tuple[int, int]
    done: tuple[tuple[int, int], ...]
    tallies: dict[str, SavedTally]
    crashed: dict[str, str]
    seconds: float
    version: int = VERSION


def state_of(saved: SavedState, path: str = "state") -> State:
    """The state that State.saved() gave `saved` for. Raises SchemaError."""
    if saved.version != VERSION:
        raise SchemaError(f"{path}.version", f"version {VERSION}", saved.version)
    shard = Shard(*saved.shard)
    if not 1 <= shard.number <= shard.of:
        raise SchemaError(f"{path}.shard", "a shard's number and how many there are", list(shard))
    if not all(number.isdecimal() for number in saved.crashed):
        raise SchemaError(f"{path}.crashed", "numbers of pieces", list(saved.crashed))
    if not all(0 <= first < end <= MOST_PIECES for first, end in saved.done):
        raise SchemaError(f"{path}.done", "ranges of pieces", list(saved.done))
    places = (place for first, end in saved.done for place in range(first, end))
    return State(
        digest=saved.digest,
        size=saved.size,
        shard=shard,
        done={shard.number - 1 + place * shard.of for place in places},
        tallies={arch: tally_of(tally) for arch, tally in saved.tallies.items()},
        crashed={int(number): why for number, why in saved.crashed.items()},
        seconds=saved.seconds,
    )


def state_path(digest: str, shard: Shard) -> Path:
    """Where a job keeps its progress: in the user's cache folder, whatever folder it is called from."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # never raises
    part = "" if shard == WHOLE else f"-{shard.number}-of-{shard.of}"
    return usable_folder(f"{cache}/pte-review") / f"exhaust-{digest}{part}.json"


def load_state(path: Path) -> State | None:
    """What `path` holds; None if there is no such file. Raises UsageError."""
    if not path.exists():
        return None
    try:
        return state_of(from_json(SavedState, json.loads(path.read_text(encoding="utf-8")), "state"))
    except (ValueError, RecursionError):  # SchemaError is one
        raise UsageError(f"{path}: no progress that can be resumed; --restart begins anew") from None


def save_state(path: Path, state: State) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(to_json(state.saved(), whole=True)) + "\n")
