# SPDX-License-Identifier: GPL-2.0-only
"""Reviews of pairs: explore, minimise each kind on its own, run each again from its saved form, say what was found."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.explain.cause import cause, line
from pte_review.harness.explain.difference import difference
from pte_review.harness.explain.reach import reach
from pte_review.harness.explain.summary import summary
from pte_review.harness.judging.contracts import CONTRACTS, DEFAULT_CONTRACT, Contract
from pte_review.harness.judging.judge import Difference
from pte_review.harness.judging.kinds import ENDINGS, SEVERITY, rank
from pte_review.harness.never_varied import asked_differently, never_varied
from pte_review.harness.progress import Listen, Progress, silent
from pte_review.harness.search.explore import Key, PairTally, Seen, explore, key_of
from pte_review.harness.search.minimise import minimise
from pte_review.harness.search.real_blocks import with_real_blocks
from pte_review.harness.side_by_side import Comparison, compare_on
from pte_review.harness.subject import Subject
from pte_review.harness.verdict import (
    NO_DIFFERENCE,
    At,
    Divergence,
    Shared,
    Verdict,
    added_kinds,
    sort_key,
    verdict_on,
)
from pte_review.models.arch import ARCHES
from pte_review.models.legal import ONLY_ON, broken_rules
from pte_review.models.loading import Which, load
from pte_review.models.scenario import Scenario
from pte_review.models.scenario_check import scenario_from_json
from pte_review.models.version import Version, VersionError

DEFAULT_EXAMPLES = 1000
MOST_EXAMPLES = 100_000_000
MOST_SECONDS = 7 * 24 * 3600


def review(
    subject: Subject,
    pairs: Sequence[tuple[Which, Which]],
    *,
    arch: str | None = None,
    contract: str = DEFAULT_CONTRACT,
    hostile: str | None = None,
    max_examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    seconds: float | None = None,
    unread: Mapping[str, str] = MappingProxyType({}),
    listen: Listen = silent,
) -> list[Verdict]:
    """Whether the second of each pair may replace the first: versions by name, paths of .py files, callables.

    `max_examples` scenarios of each architecture for each pair; `arch` None means all. Exploring ends after `seconds`
    in all, however many scenarios there were. `unread` are architectures that are left out, with the reason: then
    nothing is sure. One Verdict a pair, in order. Raises UsageError.
    """
    check_call(subject, arch, contract, hostile, max_examples, seconds)
    arches = [name for name in chosen_arches(subject, arch, hostile) if name not in unread]
    rules = CONTRACTS[contract]
    loaded = _loaded(subject, pairs)
    started = time.perf_counter()
    share = None if seconds is None else seconds / max(1, len(arches) * len(loaded))

    def explored(name: str, pair: tuple[Version, Version]) -> PairTally:
        return explore(subject, name, [pair], rules, hostile, max_examples, seed, listen, seconds=share)[0]

    tallies = {name: [explored(name, pair) for pair in loaded] for name in arches}
    return [
        _verdict(
            subject, pair, {name: tallies[name][i] for name in arches}, rules, hostile, seed, started, unread, listen
        )
        for i, pair in enumerate(loaded)
    ]


def check_call(
    subject: Subject,
    arch: str | None,
    contract: str = DEFAULT_CONTRACT,
    hostile: str | None = None,
    max_examples: int = DEFAULT_EXAMPLES,
    seconds: float | None = None,
) -> None:
    """Raise UsageError unless these are arguments of check()."""
    chosen_arches(subject, arch, hostile)
    if contract not in CONTRACTS:
        raise unknown("contract", contract, CONTRACTS)
    check_count("examples", max_examples, MOST_EXAMPLES)
    if seconds is not None and not 0 < seconds <= MOST_SECONDS:
        raise UsageError(f"seconds: expected more than 0, at most {MOST_SECONDS:,}, got {seconds:g}")


def check_count(what: str, value: int, most: int) -> None:
    """Raise UsageError unless `value` is from 1 to `most`."""
    if not 1 <= value <= most:
        raise UsageError(f"{what}: expected 1 to {most:,}, got {value}")


def chosen_arches(subject: Subject, arch: str | None, hostile: str | None) -> list[str]:
    """The architectures to run on; those that can break `hostile`. Raises UsageError."""
    if arch is not None and arch not in ARCHES:
        raise unknown("architecture", arch, ARCHES)
    if hostile is not None and hostile not in subject.rules:
        raise unknown(f"hostile rule of {subject.name}()", hostile, subject.rules)
    only = ONLY_ON.get(hostile or "")
    if arch and only and arch != only:
        raise UsageError(f"hostile rule {hostile!r} can only be broken on {only}, not on {arch}")
    return [only] if only else [arch] if arch else list(ARCHES)


def _loaded(subject: Subject, pairs: Sequence[tuple[Which, Which]]) -> list[tuple[Version, Version]]:
    """Each version loaded once, however often it is named; a pair of one version twice, so that it runs twice."""
    known: dict[object, Version] = {}

    def once(which: Which) -> Version:
        if which not in known:
            known[which] = load(which, subject.function)
        return known[which]

    try:
        return [
            (once(base), load(candidate, subject.function) if candidate == base else once(candidate))
            for base, candidate in pairs
        ]
    except VersionError as error:
        raise UsageError(str(error)) from None


def _verdict(
    subject: Subject,
    pair: tuple[Version, Version],
    tallies: dict[str, PairTally],
    contract: Contract,
    hostile: str | None,
    seed: int,
    started: float,
    unread: Mapping[str, str],
    listen: Listen,
) -> Verdict:
    base, candidate = pair
    divergences: list[Divergence] = []
    lost: list[str] = []
    for arch, tally in tallies.items():
        for key, seen in tally.seen.items():
            listen(Progress(f"{arch}: minimising {key[0]}", tally.examples, tally.examples))
            divergence = smallest_case(subject, base, candidate, contract, key, seen)
            if divergence is None:
                lost.append(f"{key[0]} on {arch}")
            else:
                divergences.append(divergence)
    unmodelled = next((tally.unmodelled for tally in tallies.values() if tally.unmodelled), "")
    again = f"a bug of pte-review: {', '.join(lost)} did not happen again from its saved form" if lost else ""
    shared = _summed(tally.shared for tally in tallies.values())
    constant = never_varied(tally.observed for tally in tallies.values())
    why = unmodelled or again
    if not why and not added_kinds(divergences):
        why = _not_compared(base, tallies, shared) or asked_differently(base, candidate, constant)
        why = why or "; ".join(f"not run on {name}: {what}" for name, what in unread.items())
    return Verdict(
        subject=subject.name,
        base=base.name,
        candidate=candidate.name,
        contract=contract.name,
        verdict=verdict_on(divergences, why, NO_DIFFERENCE),
        examples=sum(tally.examples for tally in tallies.values()),
        scenarios={name: tally.examples for name, tally in tallies.items()},
        seconds=time.perf_counter() - started,
        seed=seed,
        allowed=_summed(tally.allowed for tally in tallies.values()),
        exercised=_summed(tally.exercised for tally in tallies.values()),
        changed={arch: tally.changed for arch, tally in tallies.items()},
        shared=tuple(Shared(*count) for count in shared.items()),
        divergences=tuple(sorted(divergences, key=sort_key)),
        arches=tuple(tallies),
        hostile=hostile,
        why=why,
        never_varied=constant,
    )


def _not_compared(base: Version, tallies: dict[str, PairTally], shared: Iterable[str]) -> str:
    """Why it is not known that CANDIDATE adds nothing: where BASE ends early there is nothing to compare with."""
    for arch, tally in tallies.items():
        if any(seen.slow for seen in tally.seen.values()):
            return f"a run of {base.name} takes seconds: stopped after {tally.examples:,} scenarios on {arch}"
    hidden = {kind for tally in tallies.values() for kind in tally.hidden} - set(shared)
    kinds = ", ".join(sorted(hidden, key=rank))
    return (
        f"{base.name} ends early where the candidate shows {kinds}: whether that is new is not known" if hidden else ""
    )


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, value in count.items():
            total[name] = total.get(name, 0) + value
    return dict(sorted(total.items()))


def smallest_case(
    subject: Subject, base: Version, candidate: Version, contract: Contract, key: Key, seen: Seen
) -> Divergence | None:
    """The smallest case of one kind, as it happened once more from its saved JSON; None if it did not.

    Where contpte blocks are scaled down in it, it is `scaled` of the smallest case with the blocks of a kernel.
    """

    def hit(scenario: Scenario) -> tuple[Scenario, Comparison, Difference] | None:
        compared = compare_on(subject, scenario, (base, candidate), contract)
        comparison = compared.pair(base, candidate)
        hits = (d for d in comparison.judgement.differences if key_of(compared.scenario, d) == key)
        first = next(hits, None)
        return (compared.scenario, comparison, first) if first else None

    def described(scenario: Scenario) -> Divergence | None:
        saved = scenario_from_json(json.loads(json.dumps(scenario.to_json())), subject.function.call)
        again = hit(saved)
        return describe(subject, base, candidate, saved, again[1], again[2], seen.first) if again else None

    if seen.slow:
        return described(seen.scenario)
    smallest = minimise(seen.scenario, subject.steps, lambda scenario: hit(scenario) is not None)
    shown = described(smallest)
    if shown is None or smallest.real_blocks:
        return shown

    def as_real(scenario: Scenario) -> bool:
        return scenario.real_blocks and hit(scenario) is not None

    allowed = set(broken_rules(smallest))
    real = with_real_blocks(smallest)
    if real is None or not (allowed.issuperset(broken_rules(real)) and as_real(real)):
        real = seen.real
    unscaled = described(minimise(real, subject.steps, as_real)) if real else None
    return replace(unscaled, scaled=shown) if unscaled else shown


def describe(
    subject: Subject,
    base: Version,
    candidate: Version,
    scenario: Scenario,
    comparison: Comparison,
    difference_found: Difference,
    first: int,
) -> Divergence:
    """A Divergence out of one difference of a pair on `scenario`."""
    finding, by = difference_found.finding, difference_found.by
    guilty, other, outcome = (
        (base, candidate, comparison.base) if by == "base" else (candidate, base, comparison.candidate)
    )
    places = scenario.places
    addr = places.va(places.at(finding.range, finding.entry)) if finding.entry >= 0 else 0
    has_cause = finding.kind not in ENDINGS or finding.kind == "table-overrun"
    return Divergence(
        kind=finding.kind,
        severity=SEVERITY[finding.kind],
        arch=scenario.arch,
        at=At(finding.range, finding.entry, addr),
        by=by,
        examples_to_find=first,
        summary=summary(comparison.promise, guilty.name, other.name, outcome, finding, subject.words.sentences),
        cause=cause(scenario, outcome, finding) if has_cause else "",
        reach=reach(scenario, subject.words),
        difference=difference(scenario, comparison.base, comparison.candidate),
        scenario=scenario,
        line=line(guilty, scenario, outcome, finding),
        comparison=comparison,
    )
