# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of change_pte_range() as tests see them: a few entries from entry 0 on, and what a version leaves there."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.side_by_side import Comparison, compare_on
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models import loading
from pte_review.models.change_pte_range.call import FUNCTION, protect
from pte_review.models.config import Config
from pte_review.models.legal import breaches
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.scenario_check import check
from pte_review.models.version import Version
from pte_review.models.vma import Vma

BASE = 0x4000_0000
RIGHT = ("before_batching", "batching", "small_folios", "v7_3", "v6_19")
READ_ONLY = Vma(write=False)
SHARED = Vma(vm_file=True, anon_vma=False)
CONFIG_FIELDS = {field.name for field in fields(Config)}


def anon(pfn: int, order: int = 0, *, exclusive: Sequence[tuple[int, int]] | None = None, **facts: Any) -> Folio:
    """An anon folio, exclusive as a whole unless said otherwise."""
    pages = ((0, 1 << order),) if exclusive is None else tuple(exclusive)
    return Folio(pfn, order, exclusive=pages, **facts)


def file(pfn: int, order: int = 0, **facts: Any) -> Folio:
    return Folio(pfn, order, anon=False, **facts)


def call(
    arch: str,
    entries: Mapping[int, int],
    folios: Sequence[Folio] = (),
    *,
    nr: int = 0,
    legal: bool = True,
    **options: Any,
) -> Scenario:
    """A call on `nr` entries from entry 0 on, without it up to the last. Options: fields of Config or of protect()."""
    config = Config(**{name: options.pop(name) for name in list(options) if name in CONFIG_FIELDS})
    addr = BASE + options.pop("first", 0) * 4096
    scenario = protect(
        arch,
        addr=addr,
        nr=nr or max(entries, default=0) + 1,
        entries=tuple(sorted((index, pte) for index, pte in entries.items() if pte)),
        folios=folios,
        config=config,
        **options,
    )
    check(scenario)
    if legal:
        assert list(breaches(scenario)) == []
    return scenario


def load(name: str) -> Version:
    return loading.load(name, FUNCTION)


def left(scenario: Scenario, version: str = "batching") -> list[int]:
    """The entries of the range that a version leaves, accessed and dirty included. It breaks no promise."""
    outcome = run(scenario, version)
    (where,) = scenario.ranges
    assert kinds(scenario, outcome) == []
    return list(outcome.tables[0][where.first : where.end])


def run(scenario: Scenario, version: str) -> Outcome:
    return load(version).run(scenario)


def kinds(scenario: Scenario, outcome: Outcome) -> list[str]:
    """The kinds of what is wrong with an outcome."""
    return [finding.kind for finding in findings_of(CHANGE_PTE_RANGE.promise(scenario), outcome)]


def compared(scenario: Scenario, base: str, candidate: str, contract: str = "folio-ad") -> Comparison:
    pair = load(base), load(candidate)
    return compare_on(CHANGE_PTE_RANGE, scenario, pair, CONTRACTS[contract]).pair(*pair)


def with_rwp(scenario: Scenario) -> Scenario:
    """On a kernel with userfaultfd RWP."""
    return replace(scenario, config=replace(scenario.config, uffd_rwp=True))
