# SPDX-License-Identifier: GPL-2.0-only
"""Everything a run leaves. Plain immutable values, JSON both ways; nothing here knows what was expected."""

from dataclasses import dataclass
from typing import Any

from pte_review.models.codec import from_json, to_json
from pte_review.models.machine.actors import Actors
from pte_review.models.machine.kernel import Kernel
from pte_review.models.machine.state import Event

RETURNED = "returned"
UNASSIGNED_READ = "unassigned-read"
TABLE_OVERRUN = "table-overrun"
NO_PROGRESS = "no-progress"
CRASH = "crash"
UNMODELLED = "unmodelled"  # a primitive that the model does not have: says nothing of the version
ENDINGS = (RETURNED, UNASSIGNED_READ, TABLE_OVERRUN, NO_PROGRESS, CRASH, UNMODELLED)

# When no stale translation may be left in a TLB: when a page-table lock is dropped, when the function returns, or when
# its caller is done, which is not modelled.
FLUSH_TIMES = AT_UNLOCK, AT_RETURN, BY_CALLER = "at-unlock", "at-return", "by-caller"


@dataclass(frozen=True, slots=True)
class Installed:
    """What a run with the unassigned variable initialised did next: the first entry set, if any."""

    stack: str  # "zero" or "pattern", as -ftrivial-auto-var-init= has them
    value: int  # of the variable
    ptep: int  # 0 where nothing was installed
    pte: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one run. `tables` are raw values by table number and entry index."""

    ended: str  # one of the constants above
    tables: tuple[tuple[int, ...], ...]
    events: tuple[Event, ...]
    returned: int | None = None
    why: str = ""  # of an early end: what and where, with the version's line
    slow: bool = False  # the watchdog ended it: a run like this takes seconds
    variable: str = ""  # read before it was assigned
    installed: tuple[Installed, ...] = ()
    warnings: tuple[str, ...] = ()  # each once, in order
    violations: tuple[str, ...] = ()  # primitives' own contracts, each once
    facts: tuple[str, ...] = ()  # breaches where the promise says so, each once: machine/state.py
    imbalances: tuple[str, ...] = ()  # locks and lazy MMU mode out of turn
    bugs: tuple[str, ...] = ()  # of page_table_check
    map_counts: tuple[tuple[int, int, int], ...] = ()  # PFN, anon and file map count
    stale: tuple[int, ...] = ()  # pteps whose translation was still in a TLB when a page-table lock was dropped
    stale_at_end: tuple[int, ...] = ()  # the same, when the run was over
    translations: tuple[tuple[int, int, int, int], ...] = ()  # of acting CPUs at the end: CPU, ptep, PFN, write
    held: tuple[int, ...] = ()  # locks
    mapped: int = 0  # page tables not unmapped
    lazy_mmu: int = 0
    exercised: tuple[str, ...] = ()  # which special paths ran, sorted

    def to_json(self) -> dict[str, Any]:
        """The JSON object; fields that hold their default are left out."""
        data: dict[str, Any] = to_json(self)
        return data


def outcome_from_json(data: Any, path: str = "outcome") -> Outcome:
    """The outcome that `data` describes. Raises SchemaError naming the field."""
    return from_json(Outcome, data, path)


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
    return Outcome(
        ended=ended,
        tables=tuple(k.whole_table(pmd) for pmd in k.pmds),
        events=tuple(k.events),
        returned=returned,
        why=why,
        slow=slow,
        variable=variable,
        installed=installed,
        warnings=tuple(k.warnings),
        violations=tuple(k.violations),
        facts=tuple(k.facts),
        imbalances=tuple(k.imbalances),
        bugs=tuple(k.bugs),
        map_counts=tuple((pfn, *count) for pfn, count in sorted(k.map_counts.items()) if any(count)),  # type: ignore[misc]  # two counts
        stale=tuple(sorted(k.stale_at_unlock)),
        stale_at_end=tuple(sorted(k.stale)),
        translations=_translations(k) if isinstance(k, Actors) else (),
        held=tuple(k.held),
        mapped=len(k.mapped),
        lazy_mmu=k.lazy_mmu + k.lazy_mmu_paused,
        exercised=tuple(sorted(k.exercised)),
    )


def _translations(k: Actors) -> tuple[tuple[int, int, int, int], ...]:
    cached = sorted(k.translations.items())
    return tuple((cpu, t.ptep, t.pfn, int(t.write)) for (cpu, _), t in cached)
