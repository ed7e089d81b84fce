# SPDX-License-Identifier: GPL-2.0-only
"""Shards' files into one result: nothing lost, nothing counted twice, nothing mixed up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.job import Job, ready
from pte_review.harness.exhaust.result import FORMAT, VERSION, Result, conclude
from pte_review.harness.exhaust.shards import WHOLE, Plan, Shard
from pte_review.harness.exhaust.state import State, state_from_json
from pte_review.harness.exhaust.tally import Tally, merge
from pte_review.harness.files.counterexample import read_text
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.models.arch import ARCHES

MOST_SHOWN = 8


@dataclass(frozen=True)
class Part:
    """One file."""

    path: Path
    job: Job
    state: State


def merged(paths: Sequence[Path]) -> Result:
    """The verdict on everything that the files hold together. Raises UsageError if they do not belong together."""
    parts = [_part(path) for path in paths]
    first = parts[0]
    for part in parts[1:]:
        _check_alike(first, part)
    if ready(first.job).digest != first.state.digest:
        raise UsageError(f"{first.path}: made by another version of pte-review or of the pair: {_pair(first.job)}")
    plan = ready(replace(first.job, size=first.state.size)).plan
    state = State(first.state.digest, first.state.size)
    for part in sorted(parts, key=lambda part: -len(part.state.done)):
        _check_pieces(part, plan)
        _add(state, part)
    state.crashed = {n: why for part in parts for n, why in part.state.crashed.items() if n not in state.done}
    absent = _absent([part.state.shard for part in parts], state, plan.pieces)
    return conclude(first.job, state, absent)


def _part(path: Path) -> Part:
    text = read_text(path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a whole JSON file: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f"{path}: expected what `pte-review exhaust --json` writes")
    if data.get("version") != VERSION:
        raise UsageError(f"{path}: expected version {VERSION}, got {data.get('version')!r}")
    try:
        state = state_from_json(data["state"])
        return Part(path, _job(data, state.size), state)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: not what `pte-review exhaust --json` writes: {what}") from None


def _job(data: dict[str, Any], size: int) -> Job:
    job = Job(
        str(data["base"]),
        str(data["candidate"]),
        str(data["contract"]),
        tuple(data["arches"]),
        int(data["entries"]),
        size,
        tree=str(data["tree"]),
        rev=str(data["rev"]),
        patches=tuple(map(str, data["patches"])),
    )
    if job.contract not in CONTRACTS or not set(job.arches) <= set(ARCHES) or size < 1:
        raise ValueError("unknown contract or architecture")
    return job


def _pair(job: Job) -> str:
    return f"{job.base} and {job.candidate}"


def _check_alike(first: Part, part: Part) -> None:
    """Raise UsageError, saying what differs, unless both files are about the same pair and space."""
    for what, ours, theirs in (
        ("pair", _pair(first.job), _pair(part.job)),
        ("contract", first.job.contract, part.job.contract),
        ("architectures", " and ".join(first.job.arches), " and ".join(part.job.arches)),
        ("entries", first.job.entries, part.job.entries),
        ("tables a piece", first.state.size, part.state.size),
        ("sources (digest)", first.state.digest, part.state.digest),
    ):
        if ours != theirs:
            raise UsageError(f"{part.path}: another {what} than in {first.path}: {theirs}, not {ours}")


def _check_pieces(part: Part, plan: Plan) -> None:
    """Raise UsageError if the part has pieces, architectures or tables that are not in the space."""
    pieces = part.state.done | part.state.crashed.keys()
    found = [one for tally in part.state.tallies.values() for one in tally.found.items()]
    if (
        (pieces and not (min(pieces) >= 0 and max(pieces) < plan.pieces))
        or not set(part.state.tallies) <= set(part.job.arches)
        or any(kind not in SEVERITY for (kind, _), _ in found)
        or not all(0 <= one.smallest.block < len(plan.space) for _, one in found)
        or not all(0 <= one.smallest.table < plan.space[one.smallest.block].tables for _, one in found)
    ):
        raise UsageError(f"{part.path}: has pieces, tables or kinds that are not in the space")


def _add(state: State, part: Part) -> None:
    """Count the part's pieces, unless they are all counted already. Raises UsageError if only some are."""
    again = len(state.done & part.state.done)
    state.seconds += part.state.seconds
    if again == len(part.state.done):
        return
    if again:
        raise UsageError(f"{part.path}: {again:,} of its {len(part.state.done):,} pieces are in other files too")
    state.done |= part.state.done
    for arch, tally in part.state.tallies.items():
        state.tallies[arch] = merge(state.tallies.get(arch, Tally()), tally)


def _absent(shards: Sequence[Shard], state: State, pieces: int) -> str:
    """Which shards are missing, if any piece is."""
    if len(state.done) + len(state.crashed) >= pieces:
        return ""
    of = {shard.of for shard in shards if shard != WHOLE}
    if len(of) != 1:
        return f"{pieces - len(state.done):,} of {pieces:,} pieces are missing"
    (count,) = of
    names = [str(Shard(i, count)) for i in range(1, count + 1) if Shard(i, count) not in shards]
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"shards {', '.join(names[:MOST_SHOWN])}{more} are missing" if names else "the shards are not whole"
