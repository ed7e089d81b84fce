# SPDX-License-Identifier: GPL-2.0-only
"""Versions side by side on one scenario: the only place where they are run for a verdict."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pte_review.harness.judging.contracts import Contract
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.findings import findings_of
from pte_review.harness.judging.judge import Judgement, judge
from pte_review.harness.judging.promise import Promise
from pte_review.harness.subject import Subject
from pte_review.models.outcome import Outcome
from pte_review.models.run import Did, Path, Run
from pte_review.models.scenario import Scenario
from pte_review.models.version import Version


@dataclass(frozen=True, slots=True)
class Comparison:
    """One pair on one scenario: what each left, and the judgement."""

    promise: Promise
    base: Outcome
    candidate: Outcome
    judgement: Judgement
    candidate_findings: tuple[Finding, ...]  # by its own rules, whatever BASE does


def with_config_of(scenario: Scenario, versions: Iterable[Version]) -> Scenario:
    """`scenario` under the config options that versions come with: what is a tree's own, ports beside it follow.

    Userfaultfd RWP is configured where every version knows it; a CPU with BBML2 stays one where every tree knows it.
    """
    own = [version.config for version in versions]
    options = {name: value for config in own for name, value in config.items()}
    if "uffd_rwp" in options:
        options["uffd_rwp"] = scenario.config.uffd_wp and all(config.get("uffd_rwp") for config in own)
    if options.get("bbml2_noabort"):
        known = all(config.get("bbml2_noabort", True) for config in own)
        options["bbml2_noabort"] = scenario.config.bbml2_noabort and known
    if all(getattr(scenario.config, name) == value for name, value in options.items()):
        return scenario
    return replace(scenario, config=replace(scenario.config, **options))


class SideBySide:
    """Versions that each ran once on `scenario`. The promise and what is wrong are worked out when asked for.

    `runs` are by id() of the version.
    """

    def __init__(self, subject: Subject, scenario: Scenario, runs: Mapping[int, Run], contract: Contract) -> None:
        self.scenario = scenario
        self.contract = contract
        self._subject = subject
        self._runs = runs
        self._first_by_did: dict[Did, Run] = {}
        self._judged: list[tuple[Outcome, list[Finding]]] = []

    @cached_property
    def promise(self) -> Promise:
        return self._subject.promise(self.scenario)

    def outcome(self, version: Version) -> Outcome:
        """What `version` left; of several that did the same, worked out once."""
        run = self._runs[id(version)]
        return run.outcome if run.did is None else self._first_by_did.setdefault(run.did, run).outcome

    def alike(self, base: Version, candidate: Version) -> Path | None:
        """The candidate's path, if both are known to have done the same without a look at their outcomes."""
        of_base, of_candidate = self._runs[id(base)], self._runs[id(candidate)]
        return of_candidate.path if of_candidate.did is not None and of_base.did == of_candidate.did else None

    def findings(self, outcome: Outcome) -> list[Finding]:
        """What is wrong with one of the outcomes; equal outcomes are judged once."""
        for judged, findings in self._judged:
            if judged is outcome or judged == outcome:
                return findings
        findings = findings_of(self.promise, outcome)
        self._judged.append((outcome, findings))
        return findings

    def pair(self, base: Version, candidate: Version) -> Comparison:
        """The judgement of two of the versions."""
        base_outcome, candidate_outcome = self.outcome(base), self.outcome(candidate)
        of_base, of_candidate = self.findings(base_outcome), self.findings(candidate_outcome)
        judgement = judge(self.contract, self.promise, base_outcome, of_base, candidate_outcome, of_candidate)
        return Comparison(self.promise, base_outcome, candidate_outcome, judgement, tuple(of_candidate))


def compare_on(subject: Subject, scenario: Scenario, versions: Iterable[Version], contract: Contract) -> SideBySide:
    """Run each of `versions` of `subject` once, on fresh machines built from `scenario`, under their config."""
    (compared,) = compare_on_each(subject, [scenario], versions, contract)
    return compared


def compare_on_each(
    subject: Subject, scenarios: Iterable[Scenario], versions: Iterable[Version], contract: Contract
) -> Iterator[SideBySide]:
    """compare_on() for each of `scenarios`, up to the first on which a version is slow, which is the last.

    Versions with a process of their own run at the same time as the others.
    """
    by_id = {id(version): version for version in versions}
    block = [with_config_of(scenario, by_id.values()) for scenario in scenarios]
    begun = {key: version.submit(block) for key, version in by_id.items()}
    runs = {key: begun[key]() for key in sorted(begun, key=lambda key: by_id[key].has_own_process)}
    for scenario, *of_scenario in zip(block, *runs.values()):  # noqa: B905  # shorter where one is slow
        yield SideBySide(subject, scenario, dict(zip(runs, of_scenario, strict=True)), contract)
