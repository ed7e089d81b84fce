# SPDX-License-Identifier: GPL-2.0-only
"""How far a soak has come, in a file that an interruption leaves whole."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pte_review.harness.errors import UsageError
from pte_review.models.arch import ARCHES
from tests.kit.resumable import digest, state_file
from tests.programs.soak.chunk import Chunk, Result

PATH = state_file("soak")
VERSION = 2


@dataclass
class State:
    """Chunks done by architecture, what ran in them, what was wrong."""

    version: int = VERSION
    sources: str = field(default_factory=digest)
    size: int = 1000  # scenarios a chunk
    done: dict[str, list[int]] = field(default_factory=lambda: {arch: [] for arch in ARCHES})
    examples: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ARCHES, 0))
    acted: int = 0
    ran: dict[str, int] = field(default_factory=dict)
    seconds: float = 0
    alarms: list[str] = field(default_factory=list)

    def missing(self, examples: int) -> Iterator[Chunk]:
        """Chunks that are still to be run for `examples` scenarios of each architecture, these in turn."""
        for number in range(-(-examples // self.size)):
            for arch in ARCHES:
                if number not in self.done[arch]:
                    yield Chunk(arch, number, self.size)

    def add(self, chunk: Chunk, result: Result) -> None:
        self.done[chunk.arch].append(chunk.number)
        self.examples[chunk.arch] += result.examples
        self.acted += result.acted
        self.alarms += result.alarms
        for name, count in result.ran.items():
            self.ran[name] = self.ran.get(name, 0) + count


def load_state(path: Path) -> State:
    """What `path` holds, a fresh State if there is no such file. Raises UsageError."""
    if not path.exists():
        return State()
    try:
        state = State(**json.loads(path.read_text(encoding="utf-8")))
        usable = all(isinstance(state.done[arch], list) and state.examples[arch] >= 0 for arch in ARCHES)
    except (ValueError, TypeError, KeyError):
        usable = False
    if not usable or state.version != VERSION:
        raise UsageError(f"{path}: no progress of a soak that can be resumed; --restart begins anew")
    if state.sources != digest():
        raise UsageError(
            f"{path}: begun with other sources, {sum(state.examples.values()):,} scenarios; --restart begins anew"
        )
    return state


def report(state: State) -> str:
    """What ran and what was found, for people."""
    by_arch = ", ".join(f"{arch} {count:,}" for arch, count in state.examples.items())
    total = sum(state.examples.values())
    lines = [*state.alarms, f"{total:,} scenarios ({by_arch}), others act in {state.acted:,}; sources {state.sources}"]
    lines += [f"  {name:<44}{count:>10,}" for name, count in sorted(state.ran.items())]
    return "\n".join([*lines, f"{len(state.alarms)} divergences in {state.seconds / 60:.0f} minutes"])
