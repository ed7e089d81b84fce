# SPDX-License-Identifier: GPL-2.0-only
"""The smallest scenario that still shows one kind of divergence, and breaks no more rules than it did.

Works on Scenario values by named steps, each proposing simpler scenarios; the first that still fails is taken, until
no step helps. The subject's own steps come between the kit's.
"""

from collections.abc import Callable

from pte_review.harness.search.simpler_actions import fewer_actions, simpler_actions
from pte_review.harness.search.simpler_entries import lower_pages, ordinary_pages, simpler_entries
from pte_review.harness.search.simpler_settings import ordinary_config, ordinary_vma, simpler_folios
from pte_review.harness.search.simpler_tables import fewer_entries, fewer_folios
from pte_review.harness.subject import Step, Steps
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Scenario

Fails = Callable[[Scenario], bool]

BUDGET = 4000  # scenarios tried


def minimise(scenario: Scenario, steps: Steps, fails: Fails) -> Scenario:
    """A scenario no step can make simpler for which `fails` holds and whose broken rules are among `scenario`'s.

    `steps` are the subject's own.
    """
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
        for step in all_steps(steps):
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


def all_steps(steps: Steps) -> tuple[Step, ...]:
    """The kit's steps with a subject's own between them, in the order in which they are tried."""
    return (
        fewer_actions,
        fewer_folios,
        fewer_entries,
        *steps.fewer_slots,
        ordinary_vma,
        *steps.ordinary_call,
        ordinary_config,
        simpler_folios,
        simpler_entries,
        ordinary_pages,
        *steps.plainer_place,
        lower_pages,
        simpler_actions,
    )
