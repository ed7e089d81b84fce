# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios drawn through Hypothesis from a fixed seed, as many as asked for and the same every time."""

from functools import cache

from harness.search.explore import generate
from models.scenario import Scenario
from strategies import scenarios


@cache
def drawn(arch: str, hostile: str | None = None, count: int = 2000, start: int = 0) -> tuple[Scenario, ...]:
    """`count` scenarios of seed `start`."""
    found: list[Scenario] = []
    generate(scenarios(arch, hostile), count, start, found.append)
    assert len(found) == count
    return tuple(found)
