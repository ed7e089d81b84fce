# SPDX-License-Identifier: GPL-2.0-only
"""A version in Python, ready to run: a fresh machine, one call, an Outcome. No traceback leaves here.

A port's loops call a counter on every pass, so that one which never ends is stopped at the same pass on every machine;
and it can be rebuilt with a local variable initialised, to see what an unassigned read would find.
"""

import ast
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from pte_review.models.machine.actors import Actors
from pte_review.models.machine.endings import NoProgress, TableOverrun
from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.machine.kernel import Kernel
from pte_review.models.outcome import CRASH, RETURNED, UNASSIGNED_READ, UNMODELLED, Installed, Outcome, outcome_of
from pte_review.models.port_source import TICK, executed, with_local_initialised
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version
from pte_review.models.watchdog import OutOfTime, watched

# clang's -ftrivial-auto-var-init=pattern fills 64-bit targets' integers with 0xAA.
STACKS = {"zero": 0, "pattern": 0xAAAA_AAAA_AAAA_AAAA}

OPTIONS = frozenset({"uffd_rwp"})  # that a port's CONFIG may name
MOST_SHOWN = 400  # characters of an exception
_UNASSIGNED = re.compile(r"cannot access (?:local|free) variable '(\w+)'")


@dataclass(frozen=True, eq=False)
class Port(Version):
    """A version in Python. `filename` is what its frames carry in tracebacks."""

    called: Callable[..., Any]
    tree: ast.Module | None = None  # with its loops counted; None where the source is not at hand
    namespace: dict[str, Any] = field(default_factory=dict, repr=False)
    seed: dict[str, Any] = field(default_factory=dict, repr=False)  # names its source was compiled among
    initialised: "dict[tuple[str, int], Port]" = field(default_factory=dict, repr=False, compare=False)

    @property
    def summary(self) -> str:
        """First line of the module's docstring."""
        doc = (ast.get_docstring(self.tree) if self.tree else None) or ""
        return doc.partition("\n")[0]

    @property
    def config(self) -> dict[str, bool]:
        """What the port says of its kernel: CONFIG in its file."""
        return {name: value for name, value in self._config.items() if name in OPTIONS and type(value) is bool}

    @property
    def _config(self) -> dict[Any, Any]:
        config = self.namespace.get("CONFIG")
        return config if type(config) is dict else {}

    def with_local(self, variable: str, value: int) -> "Port | None":
        """The same with `variable` initialised in the function that assigns it; None without source."""
        if self.tree is None:
            return None
        if (variable, value) not in self.initialised:
            namespace = executed(with_local_initialised(self.tree, variable, value), self.filename, self.seed)
            called = namespace[self.called.__name__]
            self.initialised[variable, value] = replace(self, called=called, namespace=namespace)
        return self.initialised[variable, value]

    def run(self, scenario: Scenario, *, stacks: bool = True) -> Outcome:
        k = fresh_kernel(scenario)
        returned, ended, why, variable, slow = None, RETURNED, "", "", False
        try:
            returned = self._call(k)
        except OutOfTime as error:
            ended, why, slow = error.ending, f"more than {error}, {self._line(error)}", True
        except TableOverrun as error:
            ended, why = error.ending, f"{k.where(error.ptep)}, {self._line(error)}"
        except NoProgress as error:
            ended, why = error.ending, f"more than {error}, {self._line(error)}"
        except AttributeError as error:
            # No __getattr__() on the kernel: it would take every attribute access off the interpreter's fast path.
            missing = error.obj is k
            why = f"k.{error.name} is not modelled, {self._line(error)}" if missing else self._crash(error)
            ended = UNMODELLED if missing else CRASH
        except NameError as error:
            match = _UNASSIGNED.search(str(error))
            ended, variable = (UNASSIGNED_READ, match[1]) if match and self._raised(error) else (CRASH, "")
            why = self._line(error) if variable else self._crash(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a candidate does is an outcome
            ended, why = CRASH, self._crash(error)
        installed = self._on_stacks(scenario, variable, len(k.events)) if variable and stacks else ()
        if ended != RETURNED:  # a call that raised is logged with whatever it was given
            k.events = [event for event in k.events if all(map(_is_plain, event))]
        if not _holds_records(k):
            k, returned, ended, slow, variable, installed = fresh_kernel(scenario), None, CRASH, False, "", ()
            why = f"TypeError: the version put what is no record into the machine's records, {self.label}"
        return outcome_of(k, returned, ended, why, variable, installed, slow=slow)

    def _call(self, k: Kernel) -> int:
        self.namespace[TICK] = k.tick
        size = len(k.memory)
        actors = k if isinstance(k, Actors) else None
        if actors:
            actors.phase("call")
        try:
            with watched():
                returned = self.called(k, *k.scenario.call.arguments(k))
            k.scenario.call.finish(k)
            if actors:
                actors.phase("returned")
        finally:
            if k.ended_by is not None:  # also where the version caught it and went on, or raised something else
                raise k.ended_by
        if len(k.memory) != size:
            k.memory = fresh_kernel(k.scenario).memory
            raise TypeError("the version changed the machine's memory behind its back")
        if type(returned) is not int:
            raise TypeError(f"{self.function}() returned {returned!r}, expected an int")
        if returned.bit_length() > 63:
            raise TypeError(f"{self.function}() returned an integer of {returned.bit_length()} bits, expected an int")
        return returned

    def _on_stacks(self, scenario: Scenario, variable: str, at: int) -> tuple[Installed, ...]:
        """What is installed behind the first `at` events if `variable` holds what an initialised stack holds."""
        result = []
        for stack, value in STACKS.items():
            initialised = self.with_local(variable, value)
            if initialised is None:
                return ()
            result.append(installed_by(initialised.run(scenario, stacks=False), at, stack, value))
        return tuple(result)

    def _raised(self, error: BaseException) -> bool:
        """Whether `error` was raised by the version's own code, not by a primitive it called."""
        frames = traceback.extract_tb(error.__traceback__)
        return frames[-1].filename == self.filename

    def _crash(self, error: BaseException) -> str:
        """Exception and line, on one line of text that any terminal takes, whatever the message holds."""
        try:
            message = str(error)
        except Exception:  # whatever a version's own __str__() does
            message = "its message cannot be read"
        text = " ".join(f"{type(error).__name__}: {message}"[:MOST_SHOWN].split())
        return f"{text.encode('utf-8', 'backslashreplace').decode()}, {self._line(error)}"

    def _line(self, error: BaseException) -> str:
        """`FILE:LINE` of the version where `error` passed through last."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self.filename]
        return f"{self.label}:{frames[-1].lineno}" if frames else self.label


def _holds_records(k: Kernel) -> bool:
    """Whether the machine's lists hold what its own methods write there, and nothing that a version has made up."""
    texts = (*k.warnings, *k.violations, *k.facts, *k.imbalances, *k.bugs, *k.exercised)
    numbers = (
        *k.held,
        *k.stale,
        *k.stale_at_unlock,
        *k.map_counts,
        *chain(*k.map_counts.values()),
        k.lazy_mmu,
        k.lazy_mmu_paused,
    )
    return {*map(type, texts)} <= {str} and {*map(type, numbers)} == {int}


def _is_plain(value: object) -> bool:
    return type(value) is str or (type(value) is int and value.bit_length() <= 64)


def installed_by(outcome: Outcome, at: int, stack: str, value: int) -> Installed:
    """The first entry installed after event `at`, in a run whose unassigned variable held `value`."""
    events = outcome.events[at:]
    ptep, pte = next(((int(e[2]), int(e[3])) for e in events if e[0] in ("set_ptes", "set_pte_at")), (0, 0))
    return Installed(stack, value, ptep, pte)
