# SPDX-License-Identifier: GPL-2.0-only
"""The result for a pair on a space or a part of it: the verdict, and the JSON that shards are merged from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pte_review.harness.exhaust.describe import describe
from pte_review.harness.exhaust.job import Job, Ready, ready
from pte_review.harness.exhaust.shards import WHOLE
from pte_review.harness.exhaust.state import State
from pte_review.harness.exhaust.tally import COUNTS, SpaceTally, merge
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.kinds import ENDINGS
from pte_review.harness.never_varied import Observed, asked_differently, never_varied
from pte_review.harness.review import smallest_case
from pte_review.harness.search.explore import Seen
from pte_review.harness.verdict import (
    EQUIVALENT,
    Divergence,
    Verdict,
    sort_key,
    verdict_on,
)
from pte_review.models.codec import to_json

FORMAT = "pte-review exhaust"
VERSION = 2
SHOWN_PIECES = 3


@dataclass(frozen=True)
class Result:
    """A job, how far it came, and what that says."""

    job: Job
    state: State
    space: str  # in words, as describe() has it
    total: int  # tables of the whole space
    verdict: Verdict

    @property
    def tally(self) -> SpaceTally:
        """Of all architectures."""
        return reduce(merge, self.state.tallies.values(), SpaceTally())

    def to_json(self) -> dict[str, Any]:
        """The object of --json."""
        tally, verdict = self.tally, self.verdict
        return {
            "format": FORMAT,
            "version": VERSION,
            "subject": self.job.subject.name,
            "base": self.job.base,
            "candidate": self.job.candidate,
            "tree": self.job.tree,
            "rev": self.job.rev,
            "patches": list(self.job.patches),
            "contract": self.job.contract,
            "verdict": verdict.verdict,
            "why": verdict.why,
            "never_varied": list(verdict.never_varied),
            "arches": list(self.job.arches),
            "entries": self.job.entries,
            "tables": tally.tables,
            "of": self.total,
            "seconds": round(verdict.seconds, 3),
            "space": self.space.splitlines(),
            "counts": {name: getattr(tally, name) for name in COUNTS},
            "allowed": verdict.allowed,
            "exercised": verdict.exercised,
            "changed": verdict.changed,
            "fixed": list(verdict.fixed),
            "divergences": to_json(verdict.divergences),
            "shard": str(self.state.shard),
            "digest": self.state.digest,
            "state": to_json(self.state.saved(), whole=True),
        }


def conclude(job: Job, state: State, absent: str = "") -> Result:
    """The verdict on what has been done. Each kind's smallest case runs again, minimised, from its saved form.

    `absent` says which shards are missing, where that is known.
    """
    here = ready(job)
    whole = reduce(merge, state.tallies.values(), SpaceTally())
    divergences: list[Divergence] = []
    lost = []
    for arch, kind, by, divergence in _divergences(here, job, state.tallies):
        if divergence is None:
            lost.append(f"{kind} of {by} on {arch}")
        else:
            divergences.append(divergence)
    observed = Observed((here.base, here.candidate))
    for block in here.plan.space:
        observed.see(block.template)
    constant = never_varied([observed])
    reasons = list(_reasons(here, state, whole, lost, absent))
    if differently := asked_differently(here.base, here.candidate, constant):
        reasons.append(differently)
    verdict = Verdict(
        subject=job.subject.name,
        base=job.base,
        candidate=job.candidate,
        contract=job.contract,
        verdict=verdict_on(divergences, "; ".join(reasons), EQUIVALENT),
        examples=whole.tables,
        seconds=state.seconds,
        seed=0,
        allowed=dict(sorted(whole.allowed_kinds.items())),
        exercised=dict(sorted(whole.exercised.items())),
        changed={arch: state.tallies[arch].changed for arch in job.arches if arch in state.tallies},
        divergences=tuple(sorted(divergences, key=sort_key)),
        arches=job.arches,
        why="; ".join(reasons),
        never_varied=constant,
    )
    return Result(job, state, describe(here.plan.space), here.plan.cases, verdict)


def _divergences(
    here: Ready, job: Job, tallies: Mapping[str, SpaceTally]
) -> Iterator[tuple[str, str, str, Divergence | None]]:
    """(architecture, kind, by, divergence) of each kind found; None if it did not happen again."""
    for arch, tally in tallies.items():
        for (kind, by), count in sorted(tally.by_kind.items()):
            _, block, case = count.smallest
            scenario = here.plan.space[block].scenario(case)
            number = here.plan.first_case(block) + case + 1
            seen = Seen(number, scenario, slow=tally.slow)
            key = (kind, by, False)  # the space has no shadow stacks
            yield (
                arch,
                kind,
                by,
                smallest_case(job.subject, here.base, here.candidate, CONTRACTS[job.contract], key, seen),
            )


def _reasons(here: Ready, state: State, tally: SpaceTally, lost: list[str], absent: str) -> Iterator[str]:
    """Why this cannot say that the two are equivalent, or that CANDIDATE only fixes."""
    if lost:
        yield f"a bug of pte-review: {', '.join(lost)} did not happen again from its saved form"
    if tally.undecided:
        yield f"{tally.undecided:,} tables not decided: {tally.why}"
    for number, why in sorted(state.crashed.items())[:SHOWN_PIECES]:
        piece = here.plan.piece(number)
        yield f"piece {number} (block {piece.block}, tables {piece.first:,} to {piece.end - 1:,}) has no result: {why}"
    if len(state.crashed) > SHOWN_PIECES:
        yield f"and {len(state.crashed) - SHOWN_PIECES} more pieces like that"
    if tally.slow:
        yield f"a run took seconds: stopped after {tally.tables:,} of {here.plan.cases:,} tables"
    missing = here.plan.cases - tally.tables
    if any(by != "base" for _, by in tally.by_kind):
        return
    early = sorted({kind for kind, _ in tally.by_kind if kind in ENDINGS})
    if early:
        yield f"what CANDIDATE does where BASE ends early ({', '.join(early)}) is compared with nothing"
    nothing = "nothing new" if tally.by_kind else "no difference"
    if state.shard != WHOLE:
        yield f"{nothing} found in shard {state.shard}; the other {missing:,} tables are in the other shards"
    elif absent or (missing and not state.crashed and not tally.slow):
        part = f"{tally.tables:,} of {here.plan.cases:,} tables"
        yield f"{nothing} found in {part}; {absent or 'the rest is missing'}"
