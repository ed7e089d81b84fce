# SPDX-License-Identifier: GPL-2.0-only
"""Somebody's port, imported and run in a process of its own. What ends that process is an outcome of the port."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from pte_review.models.child_watch import Died
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.outcome import CRASH, ENDINGS, NO_PROGRESS, Installed, Outcome, outcome_of
from pte_review.models.port import Port
from pte_review.models.port_process import PortProcess
from pte_review.models.run import Run
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version, VersionError

Load = Callable[[], Port]
READY, REFUSED = "ready", "refused"
RECORDS = {
    **dict.fromkeys(("warnings", "violations", "facts", "imbalances", "bugs", "exercised"), str),
    **dict.fromkeys(("stale", "stale_at_end", "held"), int),
}
ROWS = ("map_counts", "translations")  # of integers, in rows


@dataclass(frozen=True, eq=False)
class ConfinedPort(Version):
    """A port that `load` makes, which is called in another process alone. Raises VersionError as `load` does."""

    load: Load
    processes: dict[int, PortProcess] = field(default_factory=dict, repr=False)  # by process: a fork starts its own
    about: dict[str, Any] = field(default_factory=dict, repr=False)  # what its file tells, once it was imported
    output: list[str] = field(default_factory=list, repr=False)  # what processes that are gone had printed

    @property
    def summary(self) -> str:
        return str(self._of_file("summary"))

    @property
    def config(self) -> dict[str, bool]:
        return {str(name): bool(value) for name, value in self._of_file("config").items()}

    @property
    def files(self) -> tuple[str, ...]:
        """Its own file, and those that lie beside it and are imported."""
        return tuple(map(str, self._of_file("files")))

    @property
    def has_own_process(self) -> bool:
        return True

    def printed(self) -> str:
        """What it wrote to standard output and error in this process."""
        now = self.processes.get(os.getpid())
        return "".join([*self.output, now.printed() if now else ""])

    def close(self) -> None:
        """End the process of this one, if there is one. The next run starts another."""
        if child := self.processes.pop(os.getpid(), None):
            child.stop()
            self.output.append(child.printed())

    def _of_file(self, what: str) -> Any:
        if not self.about:
            _ = self._child
        return self.about[what]

    @property
    def _child(self) -> PortProcess:
        return self.processes.get(os.getpid()) or self._start()

    def _start(self) -> PortProcess:
        child = PortProcess(lambda put, take: serve(self.load, self.filename, put, take))
        try:
            verdict, about = child.answer()
        except Died as ended:
            child.stop()
            raise VersionError(f"{self.filename}: does not import: {ended.why}") from None
        except (TypeError, ValueError):
            child.stop()
            raise VersionError(f"{self.filename}: does not import: it answers what no port does") from None
        if verdict != READY:
            child.stop()
            raise VersionError(str(about))
        self.about.update(about)
        self.processes[os.getpid()] = child
        return child

    def run(self, scenario: Scenario, *, stacks: bool = True) -> Outcome:
        return self.submit([scenario], stacks=stacks)()[0].outcome

    def submit(self, scenarios: Sequence[Scenario], *, stacks: bool = True) -> Callable[[], list[Run]]:
        """See Version. One process runs them, while the caller does something else."""
        asked = self._ask(scenarios, stacks=stacks)

        def collect() -> list[Run]:
            outcomes: list[Outcome] = []
            nonlocal asked
            while len(outcomes) < len(scenarios):
                scenario = scenarios[len(outcomes)]
                outcome = asked if asked is not None else self._answer(scenario)
                outcomes.append(self._ended(scenario, outcome) if isinstance(outcome, Died) else outcome)
                if outcomes[-1].slow:  # each takes seconds
                    self.close()
                    break
                if isinstance(outcome, Died) and len(outcomes) < len(scenarios):
                    asked = self._ask(scenarios[len(outcomes) :], stacks=stacks)
            return [Run(outcome) for outcome in outcomes]

        return collect

    def _ask(self, scenarios: Sequence[Scenario], *, stacks: bool) -> Died | None:
        try:
            self._child.ask((stacks, list(scenarios)))
        except Died as ended:
            return ended
        except VersionError as error:  # it was imported before
            return Died(str(error))
        return None

    def _answer(self, scenario: Scenario) -> Outcome | Died:
        try:
            return decoded(self._child.answer(), scenario)
        except Died as ended:
            return ended
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
            return Died("an answer that no run gives")

    def _ended(self, scenario: Scenario, ended: Died) -> Outcome:
        """What a run that ends the process is, as far as anybody knows."""
        self.close()
        how, why = (NO_PROGRESS, f"more than {ended.why}") if ended.slow else (CRASH, ended.why)
        return outcome_of(fresh_kernel(scenario), None, how, f"{why}, {self.label}", slow=ended.slow)


# -- in the child


def serve(load: Load, filename: str, put: Callable[[Any], None], take: Callable[[], Any]) -> None:
    """Load the port, say what it is, and run what is asked until nobody asks."""
    before = set(sys.modules)
    try:
        port = load()
    except VersionError as error:
        put([REFUSED, str(error)])
        return
    except BaseException as error:  # KeyboardInterrupt of its own
        why = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        put([REFUSED, f"{filename}: does not import: {why}"])
        return
    put([READY, {"summary": port.summary, "config": port.config, "files": _files(port, before)}])
    while (request := take()) is not None:
        stacks, scenarios = request
        for scenario in scenarios:
            try:
                outcome = port.run(scenario, stacks=stacks)
            except BaseException as error:  # whatever a candidate does is an outcome
                why = f"{type(error).__name__} raised, {port.label}"
                outcome = outcome_of(fresh_kernel(scenario), None, CRASH, why)
            put(encoded(outcome))
            if outcome.slow:
                break


def _files(port: Port, before: set[str]) -> list[str]:
    folder = Path(port.filename).resolve().parent
    files = [getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name not in before]
    return [port.filename, *sorted(f for f in files if isinstance(f, str) and Path(f).resolve().is_relative_to(folder))]


def encoded(outcome: Outcome) -> list[Any]:
    """`outcome` as JSON takes it. Tables without their empty entries."""
    tables = [[[i, pte] for i, pte in enumerate(table) if pte] for table in outcome.tables]
    installed = [[i.stack, i.value, i.ptep, i.pte] for i in outcome.installed]
    rest = {name: getattr(outcome, name) for name in (*RECORDS, *ROWS) if getattr(outcome, name)}
    last = [outcome.returned, outcome.why, outcome.slow, outcome.variable, outcome.mapped, outcome.lazy_mmu]
    return [outcome.ended, tables, outcome.events, installed, rest, last]


# -- in the parent


def decoded(data: Any, scenario: Scenario) -> Outcome:
    """What encoded() made of an outcome of `scenario`. Raises TypeError, ValueError and the like for anything else."""
    ended, tables, events, installed, rest, (returned, why, slow, variable, mapped, lazy_mmu) = data
    events = tuple(map(tuple, events))
    if not {*map(type, map(itemgetter(0), events))} <= {str}:
        raise TypeError("the name of an event")
    _all(int, chain.from_iterable(event[1:] for event in events))
    _all(str, (ended, why, variable))
    _all(int, (mapped, lazy_mmu, 0 if returned is None else returned))
    if ended not in ENDINGS or type(slow) is not bool or len(tables) != len(scenario.tables):
        raise ValueError("how it ended")
    return Outcome(
        ended=ended,
        tables=tuple(_table(entries, scenario.config.ptrs_per_pte) for entries in tables),
        events=events,
        returned=returned,
        why=why,
        slow=slow,
        variable=variable,
        installed=tuple(_installed(*each) for each in installed),
        mapped=mapped,
        lazy_mmu=lazy_mmu,
        **_records(rest),
    )


def _records(rest: Any) -> dict[str, Any]:
    """The fields of an Outcome that are empty more often than not."""
    records: dict[str, Any] = {}
    for name, values in rest.items():
        if name in ROWS:
            records[name] = tuple(tuple(_all(int, row)) for row in values)
        else:
            records[name] = tuple(_all(RECORDS[name], values))
    return records


def _all(kind: type, values: Any) -> Any:
    values = list(values)
    if not {*map(type, values)} <= {kind}:
        raise TypeError(f"expected {kind.__name__} only")
    return values


def _table(entries: Any, size: int) -> tuple[int, ...]:
    table = [0] * size
    for i, pte in entries:
        if not 0 <= i < size or not 0 <= pte < 1 << 64:
            raise ValueError("an entry")
        table[i] = pte
    return tuple(table)


def _installed(stack: Any, value: Any, ptep: Any, pte: Any) -> Installed:
    _all(int, (value, ptep, pte))
    return Installed(str(stack), value, ptep, pte)
