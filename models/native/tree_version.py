# SPDX-License-Identifier: GPL-2.0-only
"""The text of a tree as a Version: extracted, compiled and run like a port, one object an architecture and config."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from pte_review.models.child_watch import Died
from pte_review.models.config import Config
from pte_review.models.kernel_tree.files import BATCH, LIBRARY
from pte_review.models.kernel_tree.tree import Tree, TreeError
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.native import confinement
from pte_review.models.native.arena import PATTERN, POISONED, POISONED_ONCE, ZERO, Arena
from pte_review.models.native.attempt import Ended, Log, Unassigned, attempt, log_of
from pte_review.models.native.binding import Binding
from pte_review.models.native.build import CompileError, compiled
from pte_review.models.native.child import refused_here
from pte_review.models.native.config_of_tree import config_of_tree
from pte_review.models.native.process import Worker, on_one_cpu
from pte_review.models.native.translation_unit import TranslationUnit, tree_unit
from pte_review.models.outcome import UNMODELLED, Outcome, outcome_of
from pte_review.models.port import STACKS, installed_by
from pte_review.models.run import Run
from pte_review.models.scenario import ORDINARY_CONFIG, Scenario
from pte_review.models.version import Version

# Options of a distribution kernel that the tree's headers ask for, and that no Config turns off.
ALWAYS = (
    "CONFIG_64BIT", "CONFIG_MMU", "CONFIG_SMP", "CONFIG_SWAP", "CONFIG_MIGRATION", "CONFIG_MEMORY_FAILURE",
    "CONFIG_DEVICE_PRIVATE", "CONFIG_NUMA_BALANCING", "CONFIG_PAGE_TABLE_CHECK", "CONFIG_TRANSPARENT_HUGEPAGE",
    "CONFIG_ARCH_HAS_PTE_PROTNONE", "CONFIG_ARCH_HAS_PTE_SPECIAL", "CONFIG_ARCH_HAS_PTE_DEVMAP",
    "CONFIG_ARCH_HAS_USER_SHADOW_STACK", "CONFIG_USERFAULTFD", "CONFIG_HAVE_ARCH_USERFAULTFD_MINOR",
)  # fmt: skip
OPTIONS_OF = {
    "x86_64": ("CONFIG_X86", "CONFIG_X86_64", "CONFIG_X86_USER_SHADOW_STACK"),
    "arm64": ("CONFIG_ARM64", "CONFIG_ARM64_4K_PAGES", "CONFIG_ARM64_HW_AFDBM"),
}
NUMBERS_OF = {
    "x86_64": {},
    "arm64": {"CONFIG_ARM64_PAGE_SHIFT": 12, "CONFIG_ARM64_VA_BITS": 48, "CONFIG_ARM64_PA_BITS": 48},
}
LONGEST_CALL = 6  # lines
STACK_MODES = {"zero": ZERO, "pattern": PATTERN}


def defines(arch: str, config: Config) -> tuple[str, ...]:
    """What kernel text is compiled with for `arch` under `config`."""
    contpte = arch == "arm64" and config.contpte
    return _defines(arch, config.mem_soft_dirty, config.uffd_wp, config.pte_marker_uffd_wp, config.uffd_rwp, contpte)


@lru_cache(maxsize=64)
def _defines(  # what is asked for each run, and takes longer to put together than to look up
    arch: str, mem_soft_dirty: bool, uffd_wp: bool, pte_marker_uffd_wp: bool, uffd_rwp: bool, contpte: bool
) -> tuple[str, ...]:
    options = {
        **dict.fromkeys((*ALWAYS, *OPTIONS_OF[arch]), True),
        "CONFIG_MEM_SOFT_DIRTY": mem_soft_dirty,
        "CONFIG_HAVE_ARCH_SOFT_DIRTY": arch == "x86_64",
        "CONFIG_HAVE_ARCH_USERFAULTFD_WP": uffd_wp,
        "CONFIG_PTE_MARKER_UFFD_WP": pte_marker_uffd_wp,
        "CONFIG_USERFAULTFD_RWP": uffd_rwp,
        "CONFIG_ARM64_CONTPTE": contpte,
    }
    numbers = {"CONFIG_PGTABLE_LEVELS": 4, **NUMBERS_OF[arch]}
    flags = (f"{name}=1" for name, on in options.items() if on)
    return (f"PR_{arch.upper()}=1", *flags, *(f"{name}={value}" for name, value in numbers.items()))


def _plain_lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#line")]


class Children:
    """The children of one process that run a tree's text, one at a time, and the arena that they share."""

    def __init__(self) -> None:
        self.arena = Arena()
        self.workers: dict[tuple[str, ...], Worker] = {}  # by what their object was compiled with


@dataclass(frozen=True, eq=False)
class TreeVersion(Version):
    """The binding's function of a kernel tree. Runs in a child process."""

    source: Tree
    binding: Binding
    units: dict[str, TranslationUnit] = field(default_factory=dict, repr=False)  # by architecture
    runs_in: "dict[int, Children]" = field(default_factory=dict, repr=False)  # by process: a fork starts its own

    @property
    def summary(self) -> str:
        """What it is, on one line."""
        patches = f" with {', '.join(patch.name for patch in self.source.patches)}" if self.source.patches else ""
        return f"{self.binding.file} of {self.source.label}{patches}"

    @cached_property
    def config(self) -> dict[str, bool]:
        """Of the tree's contpte layer: a port beside it follows them."""
        return config_of_tree(self.source)

    @property
    def asks(self) -> dict[str, tuple[str, ...]]:
        """On the architectures that it has been prepared for."""
        merged: dict[str, set[str]] = {}
        for unit in self.units.values():
            for name, statements in unit.asks.items():
                merged.setdefault(name, set()).update(statements)
        return {name: tuple(sorted(statements)) for name, statements in merged.items()}

    def unit(self, arch: str) -> TranslationUnit:
        """What is compiled for `arch`. Raises TreeError."""
        if arch not in self.units:
            self.units[arch] = tree_unit(self.source, arch, self.binding)
        return self.units[arch]

    def worker(self, arch: str, config: Config) -> Worker:
        """The child for `arch` and `config`, compiled if need be. Raises TreeError."""
        options, children = defines(arch, config), self._children
        if options not in children.workers:
            children.workers[options] = Worker(self._object(arch, options), children.arena)
        return children.workers[options]

    def _object(self, arch: str, options: tuple[str, ...]) -> Path:
        """The compiled text. Raises TreeError, which names files that the tree lacks where names are missing."""
        try:
            return compiled(self.unit(arch).text, options, self.label)
        except CompileError as error:
            lacks = [path for path in (*LIBRARY[arch], *BATCH) if self.source.read(path) is None]
            if not (error.missing and lacks):
                raise
            more = f" and {len(lacks) - 3} more files" if len(lacks) > 3 else ""
            files = f"not in the tree: {', '.join(lacks[:3])}{more}; is it a partial checkout, or an older kernel?"
            raise CompileError(str(error), [*error.details, files], missing=True) from None

    @property
    def _children(self) -> Children:
        return self.runs_in.get(os.getpid()) or self.runs_in.setdefault(os.getpid(), Children())

    @property
    def arena(self) -> Arena:
        """What this process shares with its children."""
        return self._children.arena

    @property
    def files(self) -> tuple[str, ...]:
        return ()

    def decides(self, arches: Iterable[str]) -> bytes:
        """The C that is compiled for `arches`."""
        return "\0".join(self.unit(arch).text for arch in arches).encode("utf-8", "surrogateescape")

    def compiles_as(self, other: "TreeVersion") -> bool:
        """Whether both have the same text, but for blanks and lines, on every architecture that one is prepared for."""
        arches = {*self.units, *other.units}
        return all(_plain_lines(self.unit(arch).text) == _plain_lines(other.unit(arch).text) for arch in arches)

    def close(self) -> None:
        """End the children and give the memory back. Without it both happen when nobody refers to the version."""
        if children := self.runs_in.pop(os.getpid(), None):
            for worker in children.workers.values():
                worker.stop()
            children.arena.close()

    def prepare(self, arches: Iterable[str]) -> None:
        """Compile for `arches` under the default config. Raises TreeError, also where a child cannot be confined."""
        for arch in arches:
            self.worker(arch, ORDINARY_CONFIG)
        refused_here()

    @property
    def unconfined(self) -> str:
        """The parts of the confinement that the running kernel refuses, in words; "" if none. Raises TreeError."""
        return confinement.names_of(refused_here())

    def printed(self) -> str:
        """What its C wrote to standard output and error in this process."""
        children = self.runs_in.get(os.getpid())
        return "".join(worker.child.printed() for worker in children.workers.values()) if children else ""

    def run(self, scenario: Scenario, *, stacks: bool = True) -> Outcome:
        """Run on `scenario`. A text that does not compile under its config gives an `unmodelled` outcome."""
        try:
            self.worker(scenario.arch, scenario.config)
        except TreeError as error:
            return outcome_of(fresh_kernel(scenario), None, UNMODELLED, str(error))
        return self._finished(scenario, self._attempt(scenario, POISONED), stacks=stacks)

    def submit(self, scenarios: Sequence[Scenario]) -> Callable[[], list[Run]]:
        """See Version. What is not asked for is not worked out: the machine follows a log when it must."""

        def collect() -> list[Run]:
            with on_one_cpu():
                return list(self._up_to_a_slow_one(scenarios))

        return collect

    def _run(self, scenario: Scenario) -> Run:
        if scenario.actions:  # the machine has followed it when it is over
            return Run(self.run(scenario))
        try:
            worker = self.worker(scenario.arch, scenario.config)
            log = log_of(scenario, self.binding, POISONED, worker)
            did = log.did()
        except (TreeError, Died, IndexError):  # the C wrote into its reply, or worse: run() says so
            return Run(self.run(scenario))
        path = log.path() if did is not None else None
        return Run(lambda: self._finished(scenario, self._attempt(scenario, POISONED, log)), did, path)

    def _finished(self, scenario: Scenario, ended: Ended, *, stacks: bool = True) -> Outcome:
        """The outcome of a run that `ended` so, after further ones where it read what it never assigned."""
        outcome, unassigned = ended
        if unassigned is not None and unassigned.stale:
            once, first = self._attempt(scenario, POISONED_ONCE)
            same_pass = len(once.events) == len(outcome.events)
            in_first_pass = first == Unassigned(unassigned.local) and same_pass
            if in_first_pass or not self._never_assigned(scenario, outcome, unassigned.local):
                outcome, unassigned = once, first  # the latter: carried over from an earlier pass on purpose
        if unassigned is None or not stacks:
            return outcome
        at = len(outcome.events)
        return replace(
            outcome,
            installed=tuple(
                installed_by(self._attempt(scenario, STACK_MODES[stack])[0], at, stack, value)
                for stack, value in STACKS.items()
            ),
        )

    def line_of(self, scenario: Scenario, at: int) -> str:
        """Where the call stands that is event `at` of a run on `scenario`: mm/util.c:12; "" where that is not sure.

        Events of macros and of other files have the line of somebody else: the name of the call must stand there.
        """
        worker, unit = self.worker(scenario.arch, scenario.config), self.unit(scenario.arch)
        lines: list[int] = []
        outcome, _ = attempt(scenario, self.binding, POISONED, worker, unit, lines=lines)
        if not 0 <= at < min(len(lines), len(outcome.events)):
            return ""
        name, line = str(outcome.events[at][0]), lines[at]
        text = (self.source.read(self.binding.file) or "").split("\n")
        for number in range(line, max(line - LONGEST_CALL, 0), -1):  # gcc has the last line of a call, clang the first
            if number <= len(text) and re.search(rf"\b{re.escape(name)}\s*\(", text[number - 1]):
                return f"{self.binding.file}:{number}"
        return ""

    def _never_assigned(self, scenario: Scenario, outcome: Outcome, local: int) -> bool:
        """Whether the entry at which `local` was stale would meet it unassigned if it were the first one.

        What an earlier pass left may be there on purpose: then a first pass assigns it.
        """
        source = scenario.ranges[0]
        read = (scenario.places.entry(int(e[1])) for e in outcome.events if e[0] == "R")
        reads = [entry for table, entry in read if table == source.table and entry in source.entries]
        if not reads:
            return False
        table = scenario.tables[source.table]
        alone = tuple(e for e in table.entries if not source.first <= e[0] < reads[-1])
        tables = list(scenario.tables)
        tables[source.table] = replace(table, entries=alone)
        first = replace(scenario, tables=tuple(tables), actions=())
        return self._attempt(first, POISONED_ONCE)[1] == Unassigned(local)

    def _attempt(self, scenario: Scenario, stack: int, log: Log | None = None) -> Ended:
        """One run with locals that hold `stack` at first, which has been made where there is a `log`."""
        worker, unit = self.worker(scenario.arch, scenario.config), self.unit(scenario.arch)
        return attempt(scenario, self.binding, stack, worker, unit, log=log)
