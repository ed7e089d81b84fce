# SPDX-License-Identifier: GPL-2.0-only
"""The smallest scenario that still shows one kind of divergence, and breaks no more rules than it did.

Works on Scenario values by named steps, each proposing simpler scenarios; the first that still fails is taken, until
no step helps. Serves recordings and saved files as well as generated scenarios.
"""

from collections.abc import Callable, Iterator

from pte_review.harness.search.simpler_entries import lower_pages, ordinary_pages, simpler_entries
from pte_review.harness.search.simpler_events import fewer_events, simpler_events
from pte_review.harness.search.simpler_settings import ordinary_config, ordinary_vma, simpler_folios
from pte_review.harness.search.simpler_tables import (
    closer_entries,
    fewer_entries,
    fewer_folios,
    shorter_extent,
    simpler_place,
)
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Scenario

Fails = Callable[[Scenario], bool]
Step = Callable[[Scenario], Iterator[Scenario]]

BUDGET = 4000  # scenarios tried


def minimise(scenario: Scenario, fails: Fails) -> Scenario:
    """A scenario no step can make simpler for which `fails` holds and whose broken rules are among `scenario`'s."""
    allowed = set(broken_rules(scenario))
    tried: set[Scenario] = set()

    def keep(smaller: Scenario) -> bool:
        if smaller in tried or len(tried) >= BUDGET:
            return False
        tried.add(smaller)
        return allowed.issuperset(broken_rules(smaller)) and fails(smaller)

    before = None
    while before != scenario:
        before = scenario
        for step in STEPS:
            scenario = _exhaust(step, scenario, keep)
    return scenario


def _exhaust(step: Step, scenario: Scenario, keep: Fails) -> Scenario:
    while True:
        for smaller in step(scenario):
            if smaller != scenario and keep(smaller):
                scenario = smaller
                break
        else:
            return scenario


STEPS: tuple[Step, ...] = (
    fewer_events,
    fewer_folios,
    fewer_entries,
    shorter_extent,
    closer_entries,
    ordinary_vma,
    ordinary_config,
    simpler_folios,
    simpler_entries,
    ordinary_pages,
    simpler_place,
    lower_pages,
    simpler_events,
)
