# SPDX-License-Identifier: GPL-2.0-only
"""One chunk of a soak: which pairs run on its scenarios, under which contract, and what was wrong.

A version against itself is loaded twice and both copies run on machines of their own, so a run that is not the same
every time shows as well. pre_patch, and v4 with both its fixes, are also held to the rules that need no partner: they
keep them all on legal scenarios.
"""

from dataclasses import dataclass
from pathlib import Path

from pte_review.harness.reports.picture import picture
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import Verdict
from tests.kit.moves import load, names, review

RIGHT = ("pre_patch", "v4_fixed")
OTHERS = 1  # versions beside them in a chunk, in turn
EXACT_EVERY = 4  # chunks: under `exact`, versions against themselves only


@dataclass(frozen=True)
class Chunk:
    """Scenarios `number * size` on of one architecture; its number is its seed."""

    arch: str
    number: int
    examples: int


@dataclass(frozen=True)
class Result:
    """What ran: scenarios, those in which others acted, scenarios by "pair, contract"; and what was wrong, as text."""

    examples: int
    acted: int
    ran: dict[str, int]
    alarms: list[str]


def plan(number: int) -> tuple[str, list[tuple[str, str | Path]]]:
    """(contract, pairs) of a chunk: every version has its turn under both contracts."""
    exact = number % EXACT_EVERY == EXACT_EVERY - 1
    nth = number // EXACT_EVERY if exact else number - number // EXACT_EVERY
    others = [name for name in names() if name not in RIGHT]
    turn = [others[(nth * OTHERS + i) % len(others)] for i in range(OTHERS)]
    pairs: list[tuple[str, str | Path]] = [(name, Path(load(name).filename)) for name in (*RIGHT, *turn)]
    return ("exact", pairs) if exact else ("folio-ad", [RIGHT, *pairs])


def run(chunk: Chunk) -> Result:
    """Run the chunk."""
    contract, pairs = plan(chunk.number)
    verdicts = review(pairs, arch=chunk.arch, contract=contract, max_examples=chunk.examples, seed=chunk.number)
    ran = {f"{label(verdict)}, {contract}": verdict.examples for verdict in verdicts}
    alarms = [alarm for verdict in verdicts for alarm in alarms_of(verdict)]
    return Result(verdicts[0].examples, verdicts[0].exercised.get("action", 0), ran, alarms)


def label(verdict: Verdict) -> str:
    return f"{verdict.base} -> {verdict.candidate if (verdict.base, verdict.candidate) == RIGHT else 'itself'}"


def alarms_of(verdict: Verdict) -> list[str]:
    """Each divergence as a picture; and a rule that a right version breaks, though both sides do."""
    where = f"{', '.join(verdict.arches)}, contract {verdict.contract}, seed {verdict.seed}"
    alarms = [f"{label(verdict)}: {verdict.why} ({where})"] if verdict.why else []
    alarms += [picture(d, verdict.base, "itself", MOVE_PTES.words) + where for d in verdict.divergences]
    if verdict.base in RIGHT:
        alarms += [
            f"{verdict.base} breaks a rule: {shared.kind}, {shared.examples} scenarios ({where})"
            for shared in verdict.shared
        ]
    return alarms
