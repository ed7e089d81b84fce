# SPDX-License-Identifier: GPL-2.0-only
"""Reviews of pairs: explore, minimise each kind on its own, run each again from its saved form, say what was found."""

import json
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.judging.contracts import CONTRACTS, Contract
from pte_review.harness.judging.judge import Diverging, Sitting, sit
from pte_review.harness.judging.kinds import ENDINGS, SEVERITY
from pte_review.harness.reports.cause import cause
from pte_review.harness.reports.difference import difference
from pte_review.harness.reports.reach import reach
from pte_review.harness.reports.summary import summary
from pte_review.harness.search.explore import Key, Seen, Tally, explore, key_of
from pte_review.harness.search.minimise import minimise
from pte_review.harness.verdict import DIVERGES, INCONCLUSIVE, NO_DIFFERENCE, At, Divergence, Verdict, sort_key
from pte_review.models.arch import ARCHES
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.legal import ONLY_ON, RULES
from pte_review.models.port import MovePtes, Version, VersionError, load
from pte_review.models.scenario import Scenario, scenario_from_json

DEFAULT_EXAMPLES = 1000
MOST_EXAMPLES = 100_000_000
Which = str | Path | MovePtes | Version


class Reporter(Protocol):
    """Told what a review is doing."""

    def exploring(self, arch: str, done: int, total: int) -> None: ...

    def minimising(self, arch: str, kind: str) -> None: ...


class Silent:
    def exploring(self, arch: str, done: int, total: int) -> None:
        pass

    def minimising(self, arch: str, kind: str) -> None:
        pass


def check(
    base: Which,
    candidate: Which,
    *,
    arch: str | None = None,
    contract: str = "folio-ad",
    hostile: str | None = None,
    max_examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    reporter: Reporter | None = None,
) -> Verdict:
    """Whether `candidate` may replace `base`: names of versions, paths of .py files, or callables.

    `max_examples` scenarios an architecture; `arch` None means all. Raises UsageError.
    """
    return review(
        [(base, candidate)],
        arch=arch,
        contract=contract,
        hostile=hostile,
        max_examples=max_examples,
        seed=seed,
        reporter=reporter,
    )[0]


def review(
    pairs: Sequence[tuple[Which, Which]],
    *,
    arch: str | None = None,
    contract: str = "folio-ad",
    hostile: str | None = None,
    max_examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    reporter: Reporter | None = None,
) -> list[Verdict]:
    """check() for several pairs on the same scenarios, each version run once on each. One Verdict a pair, in order."""
    check_call(arch, contract, hostile, max_examples)
    arches, rules = chosen_arches(arch, hostile), CONTRACTS[contract]
    loaded = _loaded(pairs)
    reporter = reporter or Silent()
    started = time.perf_counter()
    tallies: dict[str, list[Tally]] = {}
    for name in arches:
        progress = partial(_report, reporter, name, max_examples)
        tallies[name] = explore(name, loaded, rules, hostile, max_examples, seed, progress)
    return [
        _verdict(pair, {name: tallies[name][i] for name in arches}, rules, hostile, seed, started, reporter)
        for i, pair in enumerate(loaded)
    ]


def _report(reporter: Reporter, arch: str, total: int, done: int) -> None:
    reporter.exploring(arch, done, total)


def check_call(arch: str | None, contract: str, hostile: str | None, max_examples: int) -> None:
    """Raise UsageError unless these are arguments of check()."""
    chosen_arches(arch, hostile)
    if contract not in CONTRACTS:
        raise unknown("contract", contract, CONTRACTS)
    check_count("examples", max_examples, MOST_EXAMPLES)


def check_count(what: str, value: int, most: int) -> None:
    """Raise UsageError unless `value` is from 1 to `most`."""
    if not 1 <= value <= most:
        raise UsageError(f"{what}: expected 1 to {most:,}, got {value}")


def chosen_arches(arch: str | None, hostile: str | None) -> list[str]:
    """The architectures to run on; those that can break `hostile`. Raises UsageError."""
    if arch is not None and arch not in ARCHES:
        raise unknown("architecture", arch, ARCHES)
    if hostile is not None and hostile not in RULES:
        raise unknown("hostile rule", hostile, RULES)
    only = ONLY_ON.get(hostile or "")
    if arch and only and arch != only:
        raise UsageError(f"hostile rule {hostile!r} can only be broken on {only}, not on {arch}")
    return [only] if only else [arch] if arch else list(ARCHES)


def _loaded(pairs: Sequence[tuple[Which, Which]]) -> list[tuple[Version, Version]]:
    """Each version loaded once, however often it is named; a pair of one version twice, so that it runs twice."""
    known: dict[object, Version] = {}

    def one(which: Which) -> Version:
        if which not in known:
            known[which] = load(which)
        return known[which]

    try:
        return [(one(base), load(candidate) if candidate == base else one(candidate)) for base, candidate in pairs]
    except VersionError as error:
        raise UsageError(str(error)) from None


def _verdict(
    pair: tuple[Version, Version],
    tallies: dict[str, Tally],
    contract: Contract,
    hostile: str | None,
    seed: int,
    started: float,
    reporter: Reporter,
) -> Verdict:
    base, candidate = pair
    divergences: list[Divergence] = []
    lost: list[str] = []
    for arch, tally in tallies.items():
        for key, seen in tally.seen.items():
            reporter.minimising(arch, key[0])
            divergence = smallest_case(base, candidate, contract, key, seen)
            if divergence is None:
                lost.append(f"{key[0]} on {arch}")
            else:
                divergences.append(divergence)
    unmodelled = next((tally.unmodelled for tally in tallies.values() if tally.unmodelled), "")
    again = f"a bug of pte-review: {', '.join(lost)} did not happen again from its saved form" if lost else ""
    why = unmodelled or again
    return Verdict(
        base=base.name,
        candidate=candidate.name,
        contract=contract.name,
        verdict=DIVERGES if divergences else INCONCLUSIVE if why else NO_DIFFERENCE,
        examples=sum(tally.examples for tally in tallies.values()),
        seconds=time.perf_counter() - started,
        seed=seed,
        allowed=_summed(tally.allowed for tally in tallies.values()),
        exercised=_summed(tally.exercised for tally in tallies.values()),
        changed={arch: tally.changed for arch, tally in tallies.items()},
        shared=tuple(_summed({f.kind: n for f, n in tally.shared.items()} for tally in tallies.values()).items()),
        divergences=tuple(sorted(divergences, key=sort_key)),
        arches=tuple(tallies),
        hostile=hostile,
        why=why,
    )


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, value in count.items():
            total[name] = total.get(name, 0) + value
    return dict(sorted(total.items()))


def smallest_case(base: Version, candidate: Version, contract: Contract, key: Key, seen: Seen) -> Divergence | None:
    """The smallest case of one kind, as it happened once more from its saved JSON; None if it did not."""

    def found(scenario: Scenario) -> tuple[Sitting, Diverging] | None:
        sitting = sit(scenario, base, candidate, contract)
        hits = (d for d in sitting.judgement.diverging if key_of(scenario, d) == key)
        first = next(hits, None)
        return (sitting, first) if first else None

    smallest = seen.scenario if seen.slow else minimise(seen.scenario, lambda scenario: found(scenario) is not None)
    saved = scenario_from_json(json.loads(json.dumps(smallest.to_json())))
    again = found(saved)
    return describe(saved, base, candidate, again[0], again[1], seen.first) if again else None


def describe(
    scenario: Scenario, base: Version, candidate: Version, sitting: Sitting, diverging: Diverging, first: int
) -> Divergence:
    """A Divergence out of what was found on `scenario`."""
    finding = diverging.finding
    guilty, other, outcome = (
        (base, candidate, sitting.base) if diverging.by == "base" else (candidate, base, sitting.candidate)
    )
    table_base = scenario.old_base if finding.table == "old" else scenario.new_base
    addr = table_base + (finding.entry << PAGE_SHIFT) if finding.entry >= 0 else 0
    return Divergence(
        kind=finding.kind,
        severity=SEVERITY[finding.kind],
        arch=scenario.arch,
        at=At(finding.table, finding.entry, addr),
        by=diverging.by,
        examples_to_find=first,
        summary=summary(scenario, guilty.name, other.name, outcome, finding),
        cause="" if finding.kind in ENDINGS and finding.kind != "table-overrun" else cause(scenario, outcome, finding),
        reach=reach(scenario),
        difference=difference(scenario, sitting.base, sitting.candidate),
        scenario=scenario,
    )
