# SPDX-License-Identifier: GPL-2.0-only
"""One run: a fresh machine, one version, an Outcome. However the version behaves, no traceback leaves here."""

import re
import traceback

from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.endings import NoProgress, TableOverrun
from pte_review.models.machine.kernel import Kernel, KernelX86_64
from pte_review.models.move_ptes.control import PagetableMoveControl
from pte_review.models.outcome import CRASH, RETURNED, UNASSIGNED_READ, UNMODELLED, Installed, Outcome
from pte_review.models.port import Port, Version
from pte_review.models.scenario import Scenario
from pte_review.models.watchdog import OutOfTime, watched

KERNELS: dict[str, type[Kernel]] = {"x86_64": KernelX86_64, "arm64": KernelArm64}


class ActedX86_64(Actors, KernelX86_64):
    """x86_64 with scheduled events."""


class ActedArm64(Actors, KernelArm64):
    """arm64 with scheduled events."""


ACTED: dict[str, type[Actors]] = {"x86_64": ActedX86_64, "arm64": ActedArm64}

# clang's -ftrivial-auto-var-init=pattern fills 64-bit targets' integers with 0xAA.
STACKS = {"zero": 0, "pattern": 0xAAAA_AAAA_AAAA_AAAA}

_UNASSIGNED = re.compile(r"cannot access (?:local|free) variable '(\w+)'")


def fresh_kernel(scenario: Scenario) -> Kernel:
    """A machine built from `scenario`."""
    return (ACTED if scenario.scheduled else KERNELS)[scenario.arch](scenario)


def run(scenario: Scenario, version: Version, *, stacks: bool = True) -> Outcome:
    """Run `version` on a fresh machine built from `scenario`. Raises only KeyboardInterrupt.

    After an unassigned read it runs again on initialised `stacks`, to tell what would have been installed.
    """
    return _run(scenario, version, stacks) if isinstance(version, Port) else version.run(scenario, stacks=stacks)


def _run(scenario: Scenario, version: Port, stacks: bool) -> Outcome:
    k = fresh_kernel(scenario)
    returned, ended, why, variable, slow = None, RETURNED, "", "", False
    try:
        returned = _call(k, scenario, version)
    except OutOfTime as error:
        ended, why, slow = error.ending, f"more than {error}, {_line(error, version)}", True
    except TableOverrun as error:
        ended, why = error.ending, f"{where(k, error.ptep)}, {_line(error, version)}"
    except NoProgress as error:
        ended, why = error.ending, f"more than {error}, {_line(error, version)}"
    except AttributeError as error:
        # No __getattr__() on the kernel: it would take every attribute access off the interpreter's fast path.
        missing = error.obj is k
        why = f"k.{error.name} is not modelled, {_line(error, version)}" if missing else _crash(error, version)
        ended = UNMODELLED if missing else CRASH
    except NameError as error:
        match = _UNASSIGNED.search(str(error))
        ended, variable = (UNASSIGNED_READ, match[1]) if match and _is_ours(error, version) else (CRASH, "")
        why = _line(error, version) if variable else _crash(error, version)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a candidate does is an outcome
        ended, why = CRASH, _crash(error, version)
    installed = _with_stacks(scenario, version, variable, len(k.events)) if variable and stacks else ()
    return outcome_of(k, returned, ended, why, variable, installed, slow=slow)


def _call(k: Kernel, scenario: Scenario, version: Port) -> int:
    pmc = PagetableMoveControl(
        old=scenario.vma,
        old_addr=scenario.old_addr,
        new_addr=scenario.new_addr,
        old_end=scenario.old_addr + scenario.extent,
        need_rmap_locks=scenario.need_rmap_locks,
    )
    version.on_loop(k.tick)
    size = len(k.memory)
    actors = k if isinstance(k, Actors) else None
    if actors:
        actors.phase("call")
    try:
        with watched():
            returned = version.function(k, pmc, scenario.extent, k.old_pmd, k.new_pmd)
        if actors:
            actors.phase("returned")
    finally:
        if k.ended_by is not None:  # also where the version caught it and went on, or raised something else
            raise k.ended_by
    if len(k.memory) != size:
        k.memory = KERNELS[scenario.arch](scenario).memory
        raise TypeError("the version changed the machine's memory behind its back")
    if type(returned) is not int:
        raise TypeError(f"move_ptes() returned {returned!r}, expected an int")
    return returned


def _with_stacks(scenario: Scenario, version: Port, variable: str, at: int) -> tuple[Installed, ...]:
    """Run again with `variable` initialised as a zero- and a pattern-initialised stack would; `at` events are alike."""
    result = []
    for stack, value in STACKS.items():
        initialised = version.with_local(variable, value)
        if initialised is None:
            return ()
        result.append(installed_by(run(scenario, initialised, stacks=False), at, stack, value))
    return tuple(result)


def installed_by(outcome: Outcome, at: int, stack: str, value: int) -> Installed:
    """What a run with `value` in the unassigned variable installed first behind its first `at` events."""
    events = outcome.events[at:]
    ptep, pte = next(((int(e[2]), int(e[3])) for e in events if e[0] in ("set_ptes", "set_pte_at")), (0, 0))
    return Installed(stack, value, ptep, pte)


def outcome_of(
    k: Kernel,
    returned: int | None,
    ended: str,
    why: str,
    variable: str = "",
    installed: tuple[Installed, ...] = (),
    *,
    slow: bool = False,
) -> Outcome:
    """What machine `k` holds after a run that `ended` so."""
    p = k.table_size
    one_table = k.old_pmd.ptep == k.new_pmd.ptep
    return Outcome(
        ended=ended,
        old_table=tuple(k.memory[p : 2 * p]),  # type: ignore[arg-type]  # None only in the gaps
        new_table=() if one_table else tuple(k.memory[3 * p : 4 * p]),  # type: ignore[arg-type]  # likewise
        events=tuple(k.events),
        returned=returned,
        why=why,
        slow=slow,
        variable=variable,
        installed=installed,
        warnings=tuple(k.warnings),
        violations=tuple(k.violations),
        imbalances=tuple(k.imbalances),
        bugs=tuple(k.bugs),
        map_counts=tuple((pfn, *count) for pfn, count in sorted(k.map_counts.items()) if any(count)),  # type: ignore[misc]  # two counts
        stale=tuple(sorted(k.stale_at_unlock)),
        translations=_translations(k) if isinstance(k, Actors) else (),
        held=tuple(k.held),
        mapped=len(k.mapped),
        lazy_mmu=k.lazy_mmu,
        exercised=tuple(sorted(k.exercised)),
    )


def _translations(k: Actors) -> tuple[tuple[int, int, int, int], ...]:
    cached = sorted(k.translations.items())
    return tuple((cpu, page << PAGE_SHIFT, t.pfn, int(t.write)) for (cpu, page), t in cached)


def where(k: Kernel, ptep: int) -> str:
    """Where an overrun hit, in entries of the nearer table."""
    p = k.table_size
    name, base = ("old", p) if ptep < 5 * p // 2 or k.old_pmd.ptep == k.new_pmd.ptep else ("new", 3 * p)
    return f"entry {ptep - base} of the {name} table, which has {p}"


def _is_ours(error: BaseException, version: Version) -> bool:
    """Whether `error` was raised by the version's own code, not by a primitive it called."""
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename == version.filename


def _crash(error: BaseException, version: Version) -> str:
    """Exception and line, on one line whatever the message holds."""
    return f"{' '.join(f'{type(error).__name__}: {error}'.split())}, {_line(error, version)}"


def _line(error: BaseException, version: Version) -> str:
    """`FILE:LINE` of the version where `error` passed through last."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == version.filename]
    return f"{version.label}:{frames[-1].lineno}" if frames else version.label
