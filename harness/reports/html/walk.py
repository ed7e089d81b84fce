# SPDX-License-Identifier: GPL-2.0-only
"""A run as steps that can be walked: each call of a primitive and each act of others, with what changed by then."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pte_review.harness.explain.cause import RAW, call
from pte_review.models.config import PAGE_SIZE
from pte_review.models.entry import show
from pte_review.models.machine.actors import LOGGED
from pte_review.models.machine.state import Event
from pte_review.models.outcome import RETURNED, Outcome
from pte_review.models.scenario import Scenario

MOST_STEPS = 150  # of one run
OTHERS = {
    "walk": "cpu {0} loads through {1}, and caches {2}",
    "write": "cpu {0} stores through {1}",
    "hw": "the MMU makes {0} {1}",
    "gup": "GUP-fast on cpu {0} reads {1}: {2}",
    "fault": "a page fault of cpu {0} leaves {1} {2}",
    "mkclean": "folio_mkclean() on cpu {0} leaves {1} {2}",
    "reclaim": "reclaim on cpu {0} unmaps {1}; its flush is pending",
    "stale": "cpu {0} still reaches pfn {2} through {1}, which no table says any more",
    "twice": "CPUs reach one page at two addresses, {1} and {2}",
    "conflict": "cpu {0} meets a contiguous translation beside a single one at {1}",
}
PTEPS = {"walk": 1, "write": 1, "hw": 0, "gup": 1, "fault": 1, "mkclean": 1, "reclaim": 1, "stale": 1, "conflict": 1}
ON_ENTRY = {"ptep_get", "pte_unmap", "pte_offset_map_lock", "pte_offset_map_rw_nolock"}  # the last argument is the ptep


@dataclass
class Step:
    """One step. `changes` are entries by ptep, with their value afterwards; `tlb` is what others have cached then."""

    text: str
    others: bool = False
    notes: list[str] = field(default_factory=list)
    changes: dict[int, int] = field(default_factory=dict)
    tlb: tuple[str, ...] = ()


def steps_of(scenario: Scenario, outcome: Outcome) -> list[Step]:
    """The run from its first call to its end."""
    steps: list[Step] = []
    cached: dict[tuple[int, int], str] = {}  # by CPU and virtual address
    for event in outcome.events:
        name = str(event[0])
        if name not in RAW or (name in LOGGED and name != "hw"):
            steps.append(Step(_text(scenario, event), others=name in LOGGED))
        elif not steps:
            steps.append(Step("before any call"))
        step = steps[-1]
        step.changes.update(_changes(event))
        step.notes += _notes(scenario, outcome, event)
        _cache(scenario, event, cached)
        step.tlb = tuple(cached.values())
    if outcome.ended != RETURNED:
        steps.append(Step(f"ended: {outcome.ended}, {outcome.why}", tlb=tuple(cached.values())))
    else:
        steps.append(Step(f"returned {outcome.returned}", tlb=tuple(cached.values())))
    return steps


def _changes(event: Event) -> Iterator[tuple[int, int]]:
    match event:
        case ("S" | "hw", int(ptep), int(pte)) | ("mkclean" | "fault", int(_), int(ptep), int(pte), *_):
            yield ptep, pte
        case ("X", int(ptep), int(_)):
            yield ptep, 0


def _text(scenario: Scenario, event: Event) -> str:
    name, values = str(event[0]), event[1:]
    if name in LOGGED:
        return OTHERS[name].format(*_shown(scenario, name, values))
    if name in ON_ENTRY:
        return f"{name}({scenario.places.label(int(values[-1]))})"
    if name == "vm_normal_folio":
        return f"{name}({show(scenario.words, int(values[1]))})"
    if name == "flush_tlb_range":
        return f"{name}({_pages(scenario, int(values[0]), int(values[1]))})"
    return call(scenario, event)


def _shown(scenario: Scenario, name: str, values: tuple[str | int, ...]) -> list[str]:
    places, shown = scenario.places, [str(value) for value in values]
    if name == "twice":
        return [shown[0], places.label(int(values[1])), places.label(int(values[2]))]
    at = PTEPS[name]
    shown[at] = places.label(int(values[at]))
    if name in ("stale", "write"):
        shown[2] = f"{int(values[2]):#x}"
    elif len(values) > at + 1:
        shown[at + 1] = show(scenario.words, int(values[at + 1]))
    return shown


def _notes(scenario: Scenario, outcome: Outcome, event: Event) -> Iterator[str]:
    match event:
        case ("T", int(start), int(end)):
            yield f"TLBs drop {_pages(scenario, start, end)}"
        case ("contpte_convert", int(ptep), int(fold)):
            yield f"{'folds' if fold else 'unfolds'} the contpte block of {scenario.places.label(ptep)}"
        case ("hw", int(ptep), int(pte)):
            yield OTHERS["hw"].format(scenario.places.label(ptep), show(scenario.words, pte))
        case ("warning", int(number), *_) if number < len(outcome.warnings):
            yield f"warns: {outcome.warnings[number]}"
        case ("violation", int(number), *_) if number < len(outcome.violations):
            yield f"against the primitive's contract: {outcome.violations[number]}"
        case ("fact", int(number), *_) if number < len(outcome.facts):
            yield outcome.facts[number]
        case ("imbalance", int(number), *_) if number < len(outcome.imbalances):
            yield outcome.imbalances[number]
        case ("page_table_check BUG", int(pfn), *_):
            yield f"page_table_check: BUG, pfn {pfn:#x}"


def _cache(scenario: Scenario, event: Event, cached: dict[tuple[int, int], str]) -> None:
    """What other CPUs have in their TLBs, as far as the log says it."""
    places = scenario.places
    match event:
        case ("walk", int(cpu), int(ptep), int(pte)):
            cached[cpu, places.va(ptep)] = f"cpu {cpu}: {places.label(ptep)} is {show(scenario.words, pte)}"
        case ("T", int(start), int(end)):
            for key in [key for key in cached if start <= key[1] < end]:
                del cached[key]


def _pages(scenario: Scenario, start: int, end: int) -> str:
    """Bytes of virtual memory as the entries that translate them, where there are such."""
    for number in range(len(scenario.tables)):
        pteps = scenario.places.within(number, start, end)
        if len(pteps) and len(pteps) == (end - start) // PAGE_SIZE:
            first, last = scenario.places.label(pteps[0]), scenario.places.label(pteps[-1])
            return first if first == last else f"{first} to {last}"
    return f"{start:#x} to {end:#x}"
