# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios by the thousand through any number of versions; what diverges is collected by kind, not raised.

Hypothesis only generates here: a failing example would end its run and hide the other kinds. A scenario is one byte
string of a fixed size, which keeps it out of reach of the constants that Hypothesis collects from whatever modules
are loaded: a seed gives the same scenarios in every process.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from pte_review.harness.judging.contracts import Contract
from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.judge import Diverging, in_their_kernel, judge
from pte_review.harness.judging.rules import findings
from pte_review.models.config import Config
from pte_review.models.machine.state import Event
from pte_review.models.outcome import UNMODELLED, Outcome
from pte_review.models.port import Version
from pte_review.models.run import run
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Scenario, Vma
from pte_review.strategies import scenarios

Key = tuple[str, str, bool]
Progress = Callable[[int], None]  # scenarios done so far


class Finished(BaseException):
    """No more scenarios are wanted. No Exception, so that Hypothesis takes it for no failure and lets it through."""


@dataclass
class Seen:
    """A kind of divergence while exploring: where it was first seen, and the smallest scenario so far."""

    first: int  # the how-many-th scenario, from 1
    scenario: Scenario
    diverging: Diverging
    slow: bool = False  # each run of it takes seconds: not to be minimised


@dataclass
class Tally:
    """What exploring one pair on one architecture found."""

    examples: int = 0
    seen: dict[Key, Seen] = field(default_factory=dict)
    shared: dict[Finding, int] = field(default_factory=dict)  # by kind: entry and table left out
    allowed: dict[str, int] = field(default_factory=dict)
    exercised: dict[str, int] = field(default_factory=dict)  # scenarios in which the candidate ran a path
    unmodelled: str = ""  # what a version called that the model does not have
    retired: bool = False  # not run any more
    changed: int = 0  # scenarios in which the two versions wrote to memory differently


def explore(
    arch: str,
    pairs: Sequence[tuple[Version, Version]],
    contract: Contract,
    hostile: str | None,
    max_examples: int,
    seed_value: int,
    progress: Progress | None = None,
    enough: Callable[[Tally], bool] | None = None,
) -> list[Tally]:
    """Run every version of `pairs` on `max_examples` scenarios of `arch`; one Tally a pair, in order.

    A pair is retired once `enough` holds for its tally or a run of it was slow; when all are, generation ends.
    """
    tallies = [Tally() for _ in pairs]
    with_facts = [version for pair in pairs for version in pair if version.facts]
    done = 0

    def one(drawn: Scenario) -> None:
        nonlocal done
        done += 1
        scenario = in_their_kernel(drawn, with_facts)
        x = Expected(scenario)
        running = [(pair, tally) for pair, tally in zip(pairs, tallies, strict=True) if not tally.retired]
        versions = {id(v): v for pair, _ in running for v in pair}
        outcomes = {key: run(scenario, version) for key, version in versions.items()}
        wrong = _wrong(x, outcomes)
        for (base, candidate), tally in running:
            ours, theirs = outcomes[id(base)], outcomes[id(candidate)]
            judgement = judge(contract, x, ours, wrong[id(base)], theirs, wrong[id(candidate)])
            _count(tally, ours, theirs)
            missing = [outcome.why for outcome in (ours, theirs) if outcome.ended == UNMODELLED]
            if missing:
                tally.unmodelled = missing[0]
                continue
            for diverging in judgement.diverging:
                _see(tally, scenario, diverging, slow=ours.slow or theirs.slow)
            for finding in {Finding(f.kind) for f in judgement.shared}:
                tally.shared[finding] = tally.shared.get(finding, 0) + 1
            for kind, count in judgement.allowed:
                tally.allowed[kind] = tally.allowed.get(kind, 0) + count
            # Each run of a slow version takes seconds: one is enough.
            tally.retired = ours.slow or theirs.slow or (enough is not None and enough(tally))
        if progress is not None:
            progress(done)
        if all(tally.retired for tally in tallies):
            raise Finished

    generate(scenarios(arch, hostile), max_examples, seed_value, one)
    return tallies


def generate(
    strategy: SearchStrategy[Scenario], max_examples: int, seed_value: int, one: Callable[[Scenario], None]
) -> None:
    """Call `one` with `max_examples` scenarios of `strategy`, the same for a seed, or until it raises Finished."""

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
        one(scenario)

    with suppress(Finished):
        each()


def _wrong(x: Expected, outcomes: dict[int, Outcome]) -> dict[int, list[Finding]]:
    """The findings of each outcome; equal ones are judged once."""
    judged: list[tuple[Outcome, list[Finding]]] = []
    result = {}
    for key, outcome in outcomes.items():
        found = next((found for other, found in judged if other == outcome), None)
        if found is None:
            found = findings(x, outcome)
            judged.append((outcome, found))
        result[key] = found
    return result


def _see(tally: Tally, scenario: Scenario, diverging: Diverging, *, slow: bool) -> None:
    key = key_of(scenario, diverging)
    seen = tally.seen.get(key)
    if seen is None:
        tally.seen[key] = Seen(tally.examples, scenario, diverging, slow)
    elif size(scenario) < size(seen.scenario):
        seen.scenario, seen.diverging = scenario, diverging


def _count(tally: Tally, base: Outcome, candidate: Outcome) -> None:
    tally.examples += 1
    for path in candidate.exercised:
        tally.exercised[path] = tally.exercised.get(path, 0) + 1
    if writes(base.events) != writes(candidate.events):
        tally.changed += 1


def writes(events: Sequence[Event]) -> list[Event]:
    """What a run did to memory, TLB and locks, in order: two versions that agree in this did the same thing."""
    return [event for event in events if event[0] in ("X", "S", "T", "spin_unlock")]


def key_of(scenario: Scenario, diverging: Diverging) -> Key:
    """What is collected and minimised as one: kind, whose it is, and whether it is about a shadow stack's write bit.

    Shadow-stack entries say "writable" with other bits, and lose it in a way of their own.
    """
    kind = diverging.finding.kind
    return kind, diverging.by, scenario.vma.shadow_stack and kind in ("write-gained", "write-lost")


def size(scenario: Scenario) -> tuple[int, int, int]:
    """How much there is to read in a scenario: entries and events, slots, options that are not the default."""
    config = sum(getattr(scenario.config, f.name) != getattr(ORDINARY_CONFIG, f.name) for f in fields(Config))
    vma = sum(getattr(scenario.vma, f.name) != getattr(ORDINARY_VMA, f.name) for f in fields(Vma))
    return len(scenario.old_table) + len(scenario.new_table) + len(scenario.scheduled), scenario.nr, config + vma
