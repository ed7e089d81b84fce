# SPDX-License-Identifier: GPL-2.0-only
"""What Python code calls: `from pte_review.harness import check, assert_no_divergence`."""

from pte_review.harness.errors import unknown
from pte_review.harness.files.counterexample import divergences_on
from pte_review.harness.judging.contracts import CONTRACTS, DEFAULT_CONTRACT
from pte_review.harness.progress import Listen, silent
from pte_review.harness.reports.picture import picture
from pte_review.harness.review import DEFAULT_EXAMPLES, review
from pte_review.harness.subjects import choose
from pte_review.harness.verdict import Verdict, added_kinds
from pte_review.models.loading import Which, load
from pte_review.models.scenario import Scenario


def check(
    base: Which,
    candidate: Which,
    *,
    subject: str | None = None,
    arch: str | None = None,
    contract: str = DEFAULT_CONTRACT,
    hostile: str | None = None,
    max_examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    seconds: float | None = None,
    listen: Listen = silent,
) -> Verdict:
    """Whether `candidate` may replace `base`: names of versions, paths of .py files, or callables.

    `max_examples` scenarios an architecture, or those that fit in `seconds` in all; `arch` None means all. `subject`
    names the function under review where the versions do not say which it is. Raises UsageError.
    """
    return review(
        choose(subject, (base, candidate)),
        [(base, candidate)],
        arch=arch,
        contract=contract,
        hostile=hostile,
        max_examples=max_examples,
        seed=seed,
        seconds=seconds,
        listen=listen,
    )[0]


def assert_no_divergence(
    scenario: Scenario, base: Which, candidate: Which, contract: str = DEFAULT_CONTRACT, *, subject: str | None = None
) -> None:
    """For tests: raise AssertionError with the picture if `candidate` diverges on `scenario`; what it fixes passes."""
    if contract not in CONTRACTS:
        raise unknown("contract", contract, CONTRACTS)
    chosen = choose(subject, (base, candidate))
    pair = load(base, chosen.function), load(candidate, chosen.function)
    divergences = divergences_on(chosen, scenario, *pair, CONTRACTS[contract])
    if added_kinds(divergences):
        names = pair[0].name, pair[1].name
        raise AssertionError("\n\n" + "\n".join(picture(d, *names, chosen.words) for d in divergences))
