# SPDX-License-Identifier: GPL-2.0-only
"""One sentence for a divergence: which version does what, to which entry."""

from pte_review.harness.judging.expected import Expected
from pte_review.harness.judging.finding import Finding
from pte_review.harness.judging.kinds import RUN_SAYS, SAYS
from pte_review.harness.judging.places import ptep_of, slot
from pte_review.models.entry import identity, show
from pte_review.models.outcome import Outcome
from pte_review.models.scenario import Scenario


def summary(scenario: Scenario, version: str, other: str, outcome: Outcome, finding: Finding) -> str:
    """What `version`, whose outcome it is, does and `other` does not."""
    kind = finding.kind
    if kind == "unassigned-read":
        installed = _installed(scenario, outcome)
        return f"{version} reads `{outcome.variable}` before it is assigned ({outcome.why}){installed}."
    if kind == "table-overrun":
        return f"{version} runs off the page table: {outcome.why}."
    if kind == "no-progress":
        return f"{version} does not come to an end: {outcome.why}."
    if kind == "crash":
        return f"{version} raises {outcome.why}."
    if finding.entry < 0:
        return f"{version} {RUN_SAYS[kind].format(what=finding.what, other=other)}."
    seen = f": {finding.seen}" if finding.seen else ""
    return f"{version} {SAYS[kind].format(**_words(scenario, outcome, finding))}{seen}."


def _words(scenario: Scenario, outcome: Outcome, finding: Finding) -> dict[str, str]:
    """What the placeholders of SAYS stand for."""
    x, words = Expected(scenario), scenario.words
    old = finding.table == "old"
    first = scenario.old_index if old else scenario.new_index
    table = outcome.old_table if old else outcome.new_table or outcome.old_table
    after, i = table[finding.entry], finding.entry - first
    owners = [j for j, pte in enumerate(x.source) if identity(words, pte) == identity(words, after)]
    return {
        "slot": slot(scenario, ptep_of(scenario, finding.table, finding.entry)),
        "entry": show(words, after),
        "before": show(words, x.source[i]) if 0 <= i < x.nr else "it",
        "owner": f"old[{owners[0]}]" if owners else "no slot",
    }


def _installed(scenario: Scenario, outcome: Outcome) -> str:
    """What would have come of the read on a real stack."""
    told = []
    for installed in outcome.installed:
        what = f"{installed.pte:#x} in {slot(scenario, installed.ptep)}" if installed.ptep else "nothing"
        told.append(f"a {installed.stack}-initialised stack installs {what}")
    return f"; {', '.join(told)}" if told else ""
