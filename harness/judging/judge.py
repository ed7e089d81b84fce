# SPDX-License-Identifier: GPL-2.0-only
"""Two outcomes of one scenario under one contract: what diverges, what both do wrong, what is allowed."""

from dataclasses import dataclass

from pte_review.harness.judging.contracts import Contract, compare
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.kinds import ENDINGS
from pte_review.harness.judging.promise import Promise
from pte_review.models.outcome import RETURNED, Outcome

# A breach of BASE alone is a divergence too. One kind has a name of its own seen from the other side.
SEEN_FROM_CANDIDATE = {"destination-kept": "destination-overwritten", "destination-overwritten": "destination-kept"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding that only one of the two versions has: `by` is "candidate" or "base"."""

    finding: Finding
    by: str = "candidate"


@dataclass(frozen=True, slots=True)
class Judgement:
    differences: tuple[Difference, ...] = ()
    shared: tuple[Finding, ...] = ()
    allowed: tuple[tuple[str, int], ...] = ()


AGREEMENT = Judgement()


def judge(
    contract: Contract,
    promise: Promise,
    base: Outcome,
    base_findings: list[Finding],
    candidate: Outcome,
    candidate_findings: list[Finding],
) -> Judgement:
    """The judgement of a pair whose outcomes' own findings are already known."""
    relative: list[Finding]
    allowed: dict[str, int]
    if base.ended != RETURNED or candidate.ended != RETURNED:
        base_findings = [f for f in base_findings if f.kind in ENDINGS]
        candidate_findings = [f for f in candidate_findings if f.kind in ENDINGS]
        relative, allowed = [], {}
    elif promise.scenario.actions:  # an action meets each version in another state: judged by its own rules alone
        relative, allowed = [], {}
    else:
        relative, allowed = compare(contract, promise, base, candidate)
    if not (base_findings or candidate_findings or relative or allowed):
        return AGREEMENT
    of_base, of_candidate = set(base_findings), set(candidate_findings)
    differences = [Difference(f) for f in candidate_findings if f not in of_base]
    places = {(f.kind, f.range, f.entry) for f in candidate_findings if f.entry >= 0}
    only_base = [f for f in base_findings if f not in of_candidate and (f.kind, f.range, f.entry) not in places]
    differences += map(_by_base, only_base)
    known = {(d.finding.kind, d.finding.range, d.finding.entry) for d in differences}
    if not contract.accessed_dirty_free:  # a loss or gain that is a breach of its own is reported once
        relative = [f for f in relative if (f.kind, f.range, f.entry) not in known]
    differences += map(Difference, relative)
    return Judgement(
        tuple(dict.fromkeys(differences)),
        tuple(f for f in candidate_findings if f in of_base),
        tuple(sorted(allowed.items())),
    )


def _by_base(finding: Finding) -> Difference:
    if finding.kind in SEEN_FROM_CANDIDATE:
        return Difference(Finding(SEEN_FROM_CANDIDATE[finding.kind], finding.range, finding.entry))
    return Difference(finding, by="base")
