# SPDX-License-Identifier: GPL-2.0-only
"""How many examples it takes until a divergence of one kind is first seen."""

from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from harness.judging.contracts import CONTRACTS
from harness.judging.judge import sit
from models.scenario import Scenario
from models.variants import load
from strategies import scenarios


@dataclass(frozen=True)
class Hunt:
    """A kind of divergence between two variants, and how many examples it may take, as a median over seeds."""

    base: str
    candidate: str
    kind: str
    goal: int
    hostile: str | None = None

    def __str__(self) -> str:
        hostile = f", {self.hostile}" if self.hostile else ""
        return f"{self.base} / {self.candidate}{hostile}: {self.kind}"


HUNTS = (
    Hunt("pre_patch", "refactor", "unassigned-read", 5),
    Hunt("pre_patch", "v4", "write-gained", 10),
    Hunt("v4", "refactor_intended", "destination-kept", 10, "destination-occupied"),
    Hunt("v4", "refactor_keep_old", "entry-duplicated", 20),
)


class Found(Exception):
    """Ends a hunt."""


def first_seen(hunt: Hunt, arch: str, start: int, most: int = 300) -> int:
    """Which example of seed `start` is the first that shows `hunt.kind`, from 1; `most` if none does."""
    return first_seen_in(scenarios(arch, hunt.hostile), hunt, start, most)


def first_seen_in(strategy: SearchStrategy[Scenario], hunt: Hunt, start: int, most: int) -> int:
    """The same with scenarios of any strategy."""
    base, candidate = load(hunt.base), load(hunt.candidate)
    tried = 0
    found = False

    @seed(start)
    @settings(
        max_examples=most,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(strategy)
    def one(scenario: Scenario) -> None:
        nonlocal tried, found
        if found:  # Hypothesis runs a failing example again
            raise Found
        tried += 1
        judgement = sit(scenario, base, candidate, CONTRACTS["folio-ad"]).judgement
        if any(diverging.finding.kind == hunt.kind for diverging in judgement.diverging):
            found = True
            raise Found

    try:
        one()
    except Found:
        return tried
    return most
