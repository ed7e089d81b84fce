# SPDX-License-Identifier: GPL-2.0-only
"""Outcomes by hand: what pre_patch leaves on a scenario, with entries or fields replaced, and what is found in them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.judging.judge import Judgement, judge
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import move, page, pages, scenario, swap

FOLIO = 0x100  # PFN of the order-2 folio that most of these tests move
CLEARS = Vma(uffd=True)  # a userfaultfd without UFFD_FEATURE_EVENT_REMAP
KEEPS = Vma(uffd=True, uffd_event_remap=True)
UFFD_MARKER, POISONED_MARKER, GUARD_MARKER = 1, 2, 4
MARKER = 31

At = tuple[str, str, int]  # kind, table, entry


def moving(arch: str, flags: Iterable[str], **options: Any) -> Scenario:
    """A move of consecutive pages of one order-2 folio, all exclusive, one string of flags each."""
    old = pages(arch, 0, FOLIO, flags)
    options.setdefault("folios", (Folio(FOLIO, 2, True, ((0, 4),)),))
    return scenario(arch, old, at=(0, 0, len(old)), **options)


def marker(arch: str, which: int) -> int:
    return swap(arch, MARKER, which)


def left(
    s: Scenario, new: Mapping[int, int] | None = None, old: Mapping[int, int] | None = None, **fields: Any
) -> Outcome:
    """The outcome of pre_patch on `s`, but for these raw entries by index and these fields."""
    outcome = move("pre_patch", s)
    tables = [list(table) for table in outcome.tables]
    for where, changed in zip(s.ranges, (old, new), strict=True):
        for index, pte in (changed or {}).items():
            tables[where.table][index] = pte
    return replace(outcome, tables=tuple(map(tuple, tables)), **fields)


def found(s: Scenario, outcome: Outcome) -> list[At]:
    """What is wrong with `outcome` by its own rules, in order."""
    return [at(finding) for finding in findings_of(MovePromise(s), outcome)]


def at(finding: Finding) -> At:
    return finding.kind, finding.range, finding.entry


def judged(s: Scenario, base: Outcome, candidate: Outcome, contract: str = "folio-ad") -> Judgement:
    promise = MovePromise(s)
    findings = findings_of(promise, base), findings_of(promise, candidate)
    return judge(CONTRACTS[contract], promise, base, findings[0], candidate, findings[1])


def diverging(s: Scenario, base: Outcome, candidate: Outcome, contract: str = "folio-ad") -> list[tuple[str, At]]:
    """(by, kind and place) of each divergence of a pair."""
    return [(d.by, at(d.finding)) for d in judged(s, base, candidate, contract).differences]


__all__ = [
    "CLEARS", "FOLIO", "GUARD_MARKER", "KEEPS", "MARKER", "POISONED_MARKER", "UFFD_MARKER", "at", "diverging",
    "found", "judged", "left", "marker", "move", "moving", "page", "pages", "scenario", "swap",
]  # fmt: skip
