# SPDX-License-Identifier: GPL-2.0-only
"""How far a soak has come, in a file that an interruption leaves whole."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.models.arch import ARCHES
from tests.kit.resumable import digest, save, state_file
from tests.programs.soak.chunk import Chunk, Result
from tests.programs.studied import STUDIES

PATH = state_file("soak")
VERSION = 3


@dataclass
class Soaked:
    """Of one subject: chunks done by architecture, what ran in them, what was wrong."""

    done: dict[str, list[int]] = field(default_factory=lambda: {arch: [] for arch in ARCHES})
    examples: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ARCHES, 0))
    acted: int = 0
    ran: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    seconds: float = 0  # of the command, while chunks of this subject were added
    alarms: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.examples.values())

    def add(self, chunk: Chunk, result: Result) -> None:
        self.done[chunk.arch].append(chunk.number)
        self.examples[chunk.arch] += result.examples
        self.acted += result.acted
        self.alarms += result.alarms
        for counted, more in ((self.ran, result.ran), (self.known, result.known)):
            for name, count in more.items():
                counted[name] = counted.get(name, 0) + count


@dataclass
class State:
    """How far each subject has come."""

    version: int = VERSION
    sources: str = field(default_factory=lambda: sources())
    size: int = 1000  # scenarios a chunk
    subjects: dict[str, Soaked] = field(default_factory=lambda: {name: Soaked() for name in STUDIES})

    def missing(self, subjects: Sequence[str], examples: int) -> Iterator[Chunk]:
        """Chunks that are still to be run for `examples` scenarios of each architecture: a subject after the other."""
        for subject in subjects:
            for number in range(-(-examples // self.size)):
                for arch in ARCHES:
                    if number not in self.subjects[subject].done[arch]:
                        yield Chunk(subject, arch, number, self.size)

    def total(self, subjects: Sequence[str]) -> int:
        return sum(self.subjects[subject].total for subject in subjects)

    def save(self, path: Path) -> None:
        save(path, asdict(self))


def sources() -> str:
    """A digest of what decides a result."""
    return digest("tests/programs/soak/chunk.py", *(f"tests/subjects/{name}/study.py" for name in STUDIES))


def load_state(path: Path) -> State:
    """What `path` holds, a fresh State if there is no such file. Raises UsageError."""
    if not path.exists():
        return State()
    try:
        state = _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{path}: no progress of a soak that can be resumed; --restart begins anew") from None
    if state.sources != sources():
        total = state.total(list(state.subjects))
        raise UsageError(f"{path}: begun with other sources, {total:,} scenarios; --restart begins anew")
    return state


def _from_json(data: dict[str, Any]) -> State:
    """The state that asdict() gave `data` for. Raises ValueError, TypeError, KeyError or AttributeError."""
    subjects = {name: Soaked(**soaked) for name, soaked in data.pop("subjects", {}).items()}
    state = State(**data, subjects=subjects)
    whole = all(isinstance(s.done[arch], list) and s.examples[arch] >= 0 for s in subjects.values() for arch in ARCHES)
    if state.version != VERSION or not whole or subjects.keys() - STUDIES.keys():
        raise ValueError
    state.subjects = {name: subjects.get(name, Soaked()) for name in STUDIES}
    return state


def report(state: State, subjects: Sequence[str]) -> str:
    """What ran and what was found of `subjects`, as docs/studies.md has it; alarms come first."""
    chosen = {name: state.subjects[name] for name in subjects if state.subjects[name].total}
    lines = [alarm for soaked in chosen.values() for alarm in soaked.alarms]
    for name, soaked in chosen.items():
        by_arch = ", ".join(f"{arch} {count:,}" for arch, count in soaked.examples.items())
        lines += [
            f"{name}(): {soaked.total:,} legal scenarios ({by_arch})",
            f"others act in {soaked.acted:,}; {soaked.seconds / 60:.0f} minutes; alarms: {len(soaked.alarms)}",
            *(f"  {pair:<60}{count:>10,}" for pair, count in sorted(soaked.ran.items())),
            *(f"  known: {title:<53}{count:>10,}" for title, count in sorted(soaked.known.items())),
            "",
        ]
    return "\n".join([*lines, f"sources {state.sources}"])
