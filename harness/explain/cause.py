# SPDX-License-Identifier: GPL-2.0-only
"""The event that caused a finding: which primitive call, on which entry, with what values."""

import re

from pte_review.harness.judging.finding import FOR_A_WHILE, Finding
from pte_review.models.entry import show
from pte_review.models.machine.actors import LOGGED
from pte_review.models.machine.state import Event
from pte_review.models.outcome import RETURNED, Outcome
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version

# Events below or beside the calls of primitives.
RAW = LOGGED | {
    "R", "X", "S", "T", "R.debug_vm", "R.page_table_check",
    "warning", "violation", "fact", "imbalance", "contpte_convert", "page_table_check BUG",
}  # fmt: skip

PLACE = re.compile(r"\b[\w./-]+\.[ch]:\d+")

# What the integers of an event are, for those that are not plain numbers.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "ptep_get_and_clear": ("addr", "ptep"),
    "get_and_clear_full_ptes": ("addr", "ptep", "nr", "full"),
    "pte_clear": ("addr", "ptep"),
    "set_pte_at": ("addr", "ptep", "pte"),
    "ptep_modify_prot_start": ("addr", "ptep", "nr"),
    "modify_prot_start_ptes": ("addr", "ptep", "nr"),
    "ptep_modify_prot_commit": ("addr", "ptep", "old_pte", "pte", "nr"),
    "modify_prot_commit_ptes": ("addr", "ptep", "old_pte", "pte", "nr"),
    "tlb_flush_pte_range": ("addr", "size"),
    "tlb_finish_mmu": ("addr", "end"),
    "set_ptes": ("addr", "ptep", "pte", "nr"),
    "folio_pte_batch_flags": ("folio", "addr", "ptep", "pte", "max_nr", "flags", "returns"),
    "pte_batch_hint": ("ptep", "pte"),
    "folio_pte_batch": ("folio", "addr", "ptep", "pte", "max_nr", "flags", "returns"),
}


def cause(scenario: Scenario, outcome: Outcome, finding: Finding) -> str:
    """The primitive call that last wrote the entry of `finding`, or the last call of a run that went wrong."""
    at = event_of(scenario, outcome, finding)
    if at is None:
        return f"{scenario.places.label(scenario.places.at(finding.range, finding.entry))} is never written"
    return call(scenario, outcome.events[at]) if at >= 0 else "before any primitive"


def line(version: Version, scenario: Scenario, outcome: Outcome, finding: Finding) -> str:
    """Where in the kernel text of `version` that call stands, such as mm/util.c:12; "" where that is not known."""
    if outcome.ended != RETURNED:
        match = PLACE.search(outcome.why)
        return match[0] if match else ""
    at = event_of(scenario, outcome, finding)
    return version.line_of(scenario, at) if at is not None and at >= 0 else ""


def event_of(scenario: Scenario, outcome: Outcome, finding: Finding) -> int | None:
    """The index of that call among the events; -1 where it came before any call, None where nobody wrote the entry."""
    events = outcome.events
    at = len(events) - 1
    if finding.entry >= 0:
        ptep = scenario.places.at(finding.range, finding.entry)
        until = next((i for i, e in enumerate(events) if _sees(e, ptep, finding)), len(events))
        writes = [i for i, e in enumerate(events[:until]) if e[0] in ("S", "X") and e[1] == ptep]
        if not writes:
            return None
        at = writes[-1]
    elif marks := [i for i, e in enumerate(events) if _marks(e, outcome, finding)]:
        at = marks[0]
    while at >= 0 and events[at][0] in RAW:
        at -= 1
    return at


def _sees(event: Event, ptep: int, finding: Finding) -> bool:
    """Whether somebody saw at `event` what was there only for a while: what wrote it came before."""
    return event[0] in ("walk", "gup", "fault") and event[2] == ptep and finding.seen.startswith(FOR_A_WHILE)


def _marks(event: Event, outcome: Outcome, finding: Finding) -> bool:
    """Whether `event` is where the warning, violation, fact, imbalance or BUG of `finding` was recorded."""
    for name, texts in (
        ("warning", outcome.warnings),
        ("violation", outcome.violations),
        ("fact", outcome.facts),
        ("imbalance", outcome.imbalances),
    ):
        if event[0] == name and finding.what in texts:
            return event[1] == texts.index(finding.what)
    return event[0] == "page_table_check BUG" and f"pfn {event[1]:#x}" in finding.what


def call(scenario: Scenario, event: Event) -> str:
    """An event as a call: `set_ptes(area[0], pfn=0x100 W, nr=2)`. Addresses go with the entry and are left out."""
    name, values = str(event[0]), event[1:]
    shown = []
    for what, value in zip(SIGNATURES.get(name, ()), values, strict=False):
        if not _is_word(value):
            shown.append(f"{what}={_odd(value)}")
        elif what == "ptep":
            shown.append(scenario.places.label(int(value)))
        elif what in ("pte", "old_pte") and int(value) >= 0:
            shown.append(show(scenario.words, int(value)))
        elif what not in ("addr", "full"):
            shown.append(f"{what}={int(value):#x}" if what in ("folio", "pte", "old_pte") else f"{what}={int(value)}")
    if name not in SIGNATURES:
        shown = [f"{int(value):#x}" if _is_word(value) else _odd(value) for value in values]
    return f"{name}({', '.join(shown)})"


def _is_word(value: object) -> bool:
    """Whether `value` is an integer that a C variable can hold. A Python port may call a primitive with anything."""
    return type(value) is int and -(1 << 63) <= value < 1 << 64


def _odd(value: object) -> str:
    return f"(an integer of {value.bit_length()} bits)" if type(value) is int else f"(a {type(value).__name__})"
