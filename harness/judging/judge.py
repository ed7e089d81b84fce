# SPDX-License-Identifier: GPL-2.0-only
"""One scenario, two outcomes, one contract: what diverges, what both do wrong, what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pte_review.harness.judging.contracts import Contract, compare
from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.kinds import ENDINGS
from pte_review.harness.judging.rules import findings
from pte_review.models.outcome import RETURNED, Outcome
from pte_review.models.port import Version
from pte_review.models.run import run
from pte_review.models.scenario import Scenario

# A breach of BASE alone is a divergence too. One kind has a name of its own seen from the other side.
SEEN_FROM_CANDIDATE = {"destination-kept": "destination-overwritten", "destination-overwritten": "destination-kept"}


@dataclass(frozen=True, slots=True)
class Diverging:
    """A finding that only one of the two versions has: `by` is "candidate" or "base"."""

    finding: Finding
    by: str = "candidate"


@dataclass(frozen=True, slots=True)
class Judgement:
    diverging: tuple[Diverging, ...] = ()
    shared: tuple[Finding, ...] = ()
    allowed: tuple[tuple[str, int], ...] = ()


AGREEMENT = Judgement()


def judge(
    contract: Contract,
    x: Expected,
    base: Outcome,
    base_findings: list[Finding],
    candidate: Outcome,
    candidate_findings: list[Finding],
) -> Judgement:
    """The judgement of a pair whose outcomes' own findings are already known."""
    differing: list[Finding]
    allowed: dict[str, int]
    if base.ended != RETURNED or candidate.ended != RETURNED:
        base_findings = [f for f in base_findings if f.kind in ENDINGS]
        candidate_findings = [f for f in candidate_findings if f.kind in ENDINGS]
        differing, allowed = [], {}
    elif x.scenario.scheduled:  # an event meets each version in another state: judged by its own rules alone
        differing, allowed = [], {}
    else:
        differing, allowed = compare(contract, x, base, candidate)
    if not (base_findings or candidate_findings or differing or allowed):
        return AGREEMENT
    ours, theirs = set(base_findings), set(candidate_findings)
    diverging = [Diverging(f) for f in candidate_findings if f not in ours]
    places = {(f.kind, f.table, f.entry) for f in candidate_findings if f.entry >= 0}
    diverging += [_by_base(f) for f in base_findings if f not in theirs and (f.kind, f.table, f.entry) not in places]
    known = {(d.finding.kind, d.finding.table, d.finding.entry) for d in diverging}
    if not contract.accessed_dirty_free:  # a loss or gain that is a breach of its own is not told twice
        differing = [f for f in differing if (f.kind, f.table, f.entry) not in known]
    diverging += [Diverging(f) for f in differing]
    return Judgement(
        tuple(dict.fromkeys(diverging)),
        tuple(f for f in candidate_findings if f in ours),
        tuple(sorted(allowed.items())),
    )


def _by_base(finding: Finding) -> Diverging:
    if finding.kind in SEEN_FROM_CANDIDATE:
        return Diverging(Finding(SEEN_FROM_CANDIDATE[finding.kind], finding.table, finding.entry))
    return Diverging(finding, by="base")


@dataclass(frozen=True, slots=True)
class Sitting:
    """Everything about one pair on one scenario: outcomes and judgement."""

    base: Outcome
    candidate: Outcome
    judgement: Judgement


def in_their_kernel(scenario: Scenario, versions: Iterable[Version]) -> Scenario:
    """`scenario` under the config options that kernel text among `versions` comes with: ports beside it follow them."""
    facts = {name: value for version in versions for name, value in version.facts.items()}
    return replace(scenario, config=replace(scenario.config, **facts)) if facts else scenario


def sit(scenario: Scenario, base: Version, candidate: Version, contract: Contract) -> Sitting:
    """Run both on fresh machines and judge them."""
    scenario = in_their_kernel(scenario, (base, candidate))
    x = Expected(scenario)
    ours, theirs = run(scenario, base), run(scenario, candidate)
    return Sitting(ours, theirs, judge(contract, x, ours, findings(x, ours), theirs, findings(x, theirs)))
