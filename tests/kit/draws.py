# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of a fixed seed, as many as asked for and the same every time."""

from functools import cache
from itertools import islice

from pte_review.harness.search.aim import fresh
from pte_review.models.scenario import Scenario
from pte_review.strategies.move_ptes import RECIPE


@cache
def drawn(arch: str, hostile: str | None = None, count: int = 2000, start: int = 0) -> tuple[Scenario, ...]:
    """`count` scenarios of seed `start`."""
    return tuple(islice(fresh(RECIPE, arch, start, hostile), count))
