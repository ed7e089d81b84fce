# SPDX-License-Identifier: GPL-2.0-only
"""One sentence for a divergence: which version does what, to which entry."""

from collections.abc import Mapping

from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.kinds import RUN_SENTENCES, SENTENCES
from pte_review.harness.judging.promise import Promise
from pte_review.models.entry import identity, show
from pte_review.models.outcome import Outcome


def summary(
    promise: Promise, version: str, other: str, outcome: Outcome, finding: Finding, sentences: Mapping[str, str]
) -> str:
    """What `version`, whose outcome it is, does and `other` does not. `sentences` are the subject's own, by kind."""
    kind = finding.kind
    if kind == "unassigned-read":
        installed = _installed(promise, outcome)
        return f"{version} reads `{outcome.variable}` before it is assigned ({outcome.why}){installed}."
    if kind == "table-overrun":
        return f"{version} runs off the page table: {outcome.why}."
    if kind == "no-progress":
        return f"{version} does not come to an end: {outcome.why}."
    if kind == "crash":
        return f"{version} raises {outcome.why}."
    if finding.entry < 0:
        return f"{version} {RUN_SENTENCES[kind].format(what=finding.what, other=other)}."
    seen = f": {finding.seen}" if finding.seen else ""
    sentence = sentences.get(kind, SENTENCES[kind])
    return f"{version} {sentence.format(other=other, **_values(promise, outcome, finding))}{seen}."


def _values(promise: Promise, outcome: Outcome, finding: Finding) -> dict[str, str]:
    """What the placeholders of sentences stand for."""
    scenario, words = promise.scenario, promise.words
    where = scenario.places.named(finding.range)
    after, slot = outcome.tables[where.table][finding.entry], finding.entry - where.first
    source = promise.source_range.name
    owners = [i for i, pte in enumerate(promise.source) if identity(words, pte) == identity(words, after)]
    return {
        "slot": scenario.places.label(scenario.places.at(finding.range, finding.entry)),
        "entry": show(words, after),
        "before": show(words, promise.source[slot]) if 0 <= slot < promise.nr else "it",
        "owner": f"{source}[{owners[0]}]" if owners else "no slot",
    }


def _installed(promise: Promise, outcome: Outcome) -> str:
    """What would have come of the read on a real stack."""
    label = promise.scenario.places.label
    texts = []
    for installed in outcome.installed:
        entry = f"{installed.pte:#x} in {label(installed.ptep)}" if installed.ptep else "nothing"
        texts.append(f"a {installed.stack}-initialised stack installs {entry}")
    return f"; {', '.join(texts)}" if texts else ""
