# SPDX-License-Identifier: GPL-2.0-only
"""Mutants that cannot be killed, with the reason: tests/subjects/<function>/equivalent_mutants.toml.

`equivalent`: no run of a kernel tells it from its original. `beyond-the-model`: another architecture does, or a part of
the kernel that is not modelled. A diff is the changed lines, with context where they alone fit several
mutants.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kit.study import Study
from tests.kit.trees import ROOT
from tests.programs.sensitivity.judging import SURVIVED, Fate
from tests.programs.sensitivity.mutants import Mutant
from tests.programs.studied import originals

LIST = "equivalent_mutants.toml"  # beside the study of a subject
EQUIVALENT, BEYOND = "equivalent", "beyond-the-model"
LEAST = 40  # characters of an argument


@dataclass(frozen=True, slots=True)
class Argument:
    """Why one mutant of `original` is let live."""

    original: str
    diff: str
    verdict: str  # EQUIVALENT or BEYOND
    why: str

    def fits(self, mutant: Mutant) -> bool:
        same = mutant.original == self.original and changed(self.diff) == changed(mutant.diff)
        return same and (self.diff in mutant.diff or self.diff == changed(mutant.diff))


def changed(diff: str) -> str:
    """The lines of `diff` without context."""
    return "\n".join(line for line in diff.splitlines() if line[:1] in ("-", "+"))


def file_of(study: Study) -> Path:
    """The list of a subject."""
    return ROOT / "tests" / "subjects" / study.name / LIST


def read(study: Study) -> list[Argument]:
    """What the list of a subject argues: each of its diffs for each of its originals."""
    return [
        Argument(original, diff.strip("\n"), entry["verdict"], " ".join(entry["why"].split()))
        for entry in tomllib.loads(file_of(study).read_text(encoding="utf-8"))["argued"]
        for original in entry["originals"]
        for diff in entry["diffs"]
    ]


def argued(arguments: Iterable[Argument], mutants: Sequence[Mutant]) -> dict[str, Argument]:
    """By key, the mutants that an argument fits."""
    return {mutant.key: a for a in arguments for mutant in mutants if a.fits(mutant)}


def problems(arguments: Sequence[Argument], mutants: Sequence[Mutant]) -> list[str]:
    """What is wrong with the list itself, whatever a run says."""
    found = [f"more than once: {_shown(a)}" for a, count in Counter(map(_named, arguments)).items() if count > 1]
    for a in arguments:
        fitting = sum(map(a.fits, mutants))
        if a.original not in originals() or a.verdict not in (EQUIVALENT, BEYOND):
            found.append(f"no such original or verdict, {a.original}, {a.verdict}: {_shown(_named(a))}")
        elif fitting != 1:
            found.append(f"fits {fitting} mutants: {_shown(_named(a))}")
        if len(a.why) < LEAST:
            found.append(f"no argument: {_shown(_named(a))}")
    return found


def killed(arguments: Sequence[Argument], mutants: Sequence[Mutant], fates: Mapping[str, Fate]) -> list[str]:
    """Arguments that a run proved wrong."""
    return [
        f"killed all the same ({fate.how}: {fate.what}, {fate.arch}): {_shown(_named(a))}"
        for key, a in argued(arguments, mutants).items()
        if (fate := fates[key]).how != SURVIVED
    ]


def _named(argument: Argument) -> tuple[str, str]:
    return argument.original, argument.diff


def _shown(name: tuple[str, str]) -> str:
    return f"{name[0]}\n{name[1]}"
