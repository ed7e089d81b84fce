# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios drawn through Hypothesis from a fixed seed, as many as asked for and the same every time."""

from functools import cache

from pte_review.harness.search.generate import generate
from pte_review.models.scenario import Scenario
from pte_review.strategies.move_ptes import scenarios


@cache
def drawn(arch: str, hostile: str | None = None, count: int = 2000, start: int = 0) -> tuple[Scenario, ...]:
    """`count` scenarios of seed `start`."""
    found: list[Scenario] = []
    generate(scenarios(arch, hostile), count, start, found.append)
    assert len(found) == count
    return tuple(found)
