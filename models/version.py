# SPDX-License-Identifier: GPL-2.0-only
"""A version of the function under review, whatever it is written in: what can be run on a scenario.

A port (port.py) is one in Python, kernel text (native/tree_version.py) is one in C.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pte_review.models.run import Run

if TYPE_CHECKING:
    from pte_review.models.outcome import Outcome
    from pte_review.models.scenario import Scenario


class VersionError(ValueError):
    """What was named is no version: says what, where, and what to try."""


@dataclass(frozen=True, eq=False)
class Version:
    """One version. `filename` is where its text is, `label` how people know it, `function` what it is a version of."""

    name: str
    label: str
    filename: str
    function: str

    @property
    def summary(self) -> str:
        """What it is, on one line."""
        return ""

    @property
    def config(self) -> dict[str, bool]:
        """The fields of Config that are what they are in its kernel, whatever a scenario says.

        `uffd_rwp` says whether the kernel has userfaultfd RWP, which a scenario has where all versions do.
        """
        return {}

    @property
    def asks(self) -> Mapping[str, tuple[str, ...]] | None:
        """Of kernel text, by field of VMA, call and config: the statements that ask it. None of other versions."""
        return None

    def decides(self, arches: Iterable[str]) -> bytes:  # kernel text differs by architecture
        """The text that decides what it does on `arches`."""
        return b"\0".join(Path(file).read_bytes() for file in self.files)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it is read from; none where it has none."""
        return (self.filename,) if self.filename else ()

    def close(self) -> None:
        """End the process that it has of its own, if it has one."""

    @property
    def has_own_process(self) -> bool:
        """Whether submit() begins at once, beside the caller."""
        return False

    def printed(self) -> str:
        """What it wrote to the standard output and error of a process of its own."""
        return ""

    def submit(self, scenarios: Sequence["Scenario"]) -> Callable[[], list[Run]]:
        """Begin to run on each; what is returned gives the runs, in order, when it is called.

        There are fewer runs than scenarios where the last of them is a slow one.
        """
        return lambda: list(self._up_to_a_slow_one(scenarios))

    def _up_to_a_slow_one(self, scenarios: "Iterable[Scenario]") -> Iterator[Run]:
        for scenario in scenarios:
            run = self._run(scenario)
            yield run
            if run.slow:
                return

    def line_of(self, _scenario: "Scenario", _at: int) -> str:
        """Of kernel text: where the call stands that is event `_at` of a run on `_scenario`, such as mm/util.c:12."""
        return ""

    def _run(self, scenario: "Scenario") -> Run:
        return Run(self.run(scenario))

    def run(self, scenario: "Scenario", *, stacks: bool = True) -> "Outcome":
        """Run on a fresh machine built from `scenario`. Raises only KeyboardInterrupt.

        After an unassigned read it runs again on initialised `stacks`, to tell what would have been installed.
        """
        raise NotImplementedError
