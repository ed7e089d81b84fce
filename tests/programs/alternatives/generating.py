# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios by the thousand out of a strategy that is not pte-review's own, the same for a seed in every process.

Hypothesis only generates here: a failing example would end its run and hide the other kinds.
"""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from pte_review.models.scenario import Scenario


class Finished(BaseException):
    """No more scenarios are wanted. No Exception, so that Hypothesis takes it for no failure and lets it through."""


def generate(
    strategy: SearchStrategy[Scenario], max_examples: int, seed_value: int, use: Callable[[Scenario], None]
) -> None:
    """Call `use` with `max_examples` scenarios of `strategy`, the same for a seed, or until it raises Finished."""

    @seed(seed_value)
    @settings(
        max_examples=max_examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(scenario: Scenario) -> None:
        use(scenario)

    with suppress(Finished):
        each()
