# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios drawn through Hypothesis from a fixed seed, as many as asked for and the same every time."""

from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings

from models.scenario import Scenario
from strategies import scenarios


@cache
def drawn(arch: str, hostile: str | None = None, count: int = 2000, start: int = 0) -> tuple[Scenario, ...]:
    """`count` scenarios of seed `start`."""
    found: list[Scenario] = []

    @seed(start)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(arch, hostile))
    def collect(scenario: Scenario) -> None:
        found.append(scenario)

    collect()
    assert len(found) == count
    return tuple(found)
