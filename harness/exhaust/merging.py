# SPDX-License-Identifier: GPL-2.0-only
"""Merges the files of shards into one result: nothing lost, nothing counted twice, nothing mixed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from pte_review.harness.errors import UsageError, unknown
from pte_review.harness.exhaust.job import Job, ready
from pte_review.harness.exhaust.result import FORMAT, VERSION, Result, conclude
from pte_review.harness.exhaust.shards import WHOLE, Plan, Shard
from pte_review.harness.exhaust.state import SavedState, State, state_of
from pte_review.harness.exhaust.tally import SpaceTally, merge
from pte_review.harness.files.reading import read_object
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.subject import Subject
from pte_review.models.arch import ARCHES
from pte_review.models.codec import SchemaError, from_json

MOST_SHOWN = 8
EXPECTED = "what `pte-review exhaust --json` writes"


@dataclass(frozen=True)
class ShardFile:
    """One file."""

    path: Path
    job: Job
    state: State


def merged(paths: Sequence[Path], subjects: Mapping[str, Subject]) -> Result:
    """The verdict on everything that the files hold together. Raises UsageError if they do not belong together."""
    parts = [_shard_file(path, subjects) for path in paths]
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


@dataclass(frozen=True, slots=True)
class SavedJob:
    """What of a shard's file says which job it is a part of."""

    subject: str
    base: str
    candidate: str
    tree: str
    rev: str
    patches: tuple[str, ...]
    contract: str
    arches: tuple[str, ...]
    entries: int
    state: SavedState


def _shard_file(path: Path, subjects: Mapping[str, Subject]) -> ShardFile:
    data = read_object(path, EXPECTED)
    if data.get("format") != FORMAT:
        raise UsageError(f"{path}: expected {EXPECTED}")
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise UsageError(f"{path}: expected version {VERSION}, got {data.get('version')!r}")
    wanted = {field.name for field in fields(SavedJob)}
    try:
        saved = from_json(SavedJob, {name: value for name, value in data.items() if name in wanted}, "shard")
        state = state_of(saved.state, "shard.state")
    except SchemaError as error:
        raise UsageError(f"{path}: {error}") from None
    return ShardFile(path, _job(path, saved, state.size, subjects), state)


def _job(path: Path, saved: SavedJob, size: int, subjects: Mapping[str, Subject]) -> Job:
    if saved.subject not in subjects:
        raise UsageError(f"{path}: {unknown('subject', saved.subject, subjects)}")
    if saved.contract not in CONTRACTS:
        raise UsageError(f"{path}: {unknown('contract', saved.contract, CONTRACTS)}")
    if not set(saved.arches) <= set(ARCHES):
        raise UsageError(f"{path}: shard.arches: expected some of {', '.join(ARCHES)}, got {list(saved.arches)}")
    if size < 1:
        raise UsageError(f"{path}: shard.state.size: expected at least one case a piece, got {size}")
    return Job(
        subjects[saved.subject],
        saved.base,
        saved.candidate,
        saved.contract,
        saved.arches,
        saved.entries,
        size,
        tree=saved.tree,
        rev=saved.rev,
        patches=saved.patches,
    )


def _pair(job: Job) -> str:
    return f"{job.base} and {job.candidate}"


def _check_alike(first: ShardFile, part: ShardFile) -> None:
    """Raise UsageError, saying what differs, unless both files are about the same pair and space."""
    for quality, expected, got in (
        ("pair", _pair(first.job), _pair(part.job)),
        ("subject", first.job.subject.name, part.job.subject.name),
        ("contract", first.job.contract, part.job.contract),
        ("architectures", " and ".join(first.job.arches), " and ".join(part.job.arches)),
        ("entries", first.job.entries, part.job.entries),
        ("tables a piece", first.state.size, part.state.size),
        ("sources (digest)", first.state.digest, part.state.digest),
    ):
        if expected != got:
            raise UsageError(f"{part.path}: another {quality} than in {first.path}: {got}, not {expected}")


def _check_pieces(part: ShardFile, plan: Plan) -> None:
    """Raise UsageError if the part has pieces, architectures or tables that are not in the space."""
    pieces = part.state.done | part.state.crashed.keys()
    counts = [item for tally in part.state.tallies.values() for item in tally.by_kind.items()]
    if (
        (pieces and not (min(pieces) >= 0 and max(pieces) < plan.pieces))
        or not set(part.state.tallies) <= set(part.job.arches)
        or any(kind not in SEVERITY for (kind, _), _ in counts)
        or not all(0 <= count.smallest.block < len(plan.space) for _, count in counts)
        or not all(0 <= count.smallest.case < plan.space[count.smallest.block].cases for _, count in counts)
    ):
        raise UsageError(f"{part.path}: has pieces, tables or kinds that are not in the space")


def _add(state: State, part: ShardFile) -> None:
    """Count the part's pieces, unless they are all counted already. Raises UsageError if only some are."""
    again = len(state.done & part.state.done)
    state.seconds += part.state.seconds
    if again == len(part.state.done):
        return
    if again:
        raise UsageError(f"{part.path}: {again:,} of its {len(part.state.done):,} pieces are in other files too")
    state.done |= part.state.done
    for arch, tally in part.state.tallies.items():
        state.tallies[arch] = merge(state.tallies.get(arch, SpaceTally()), tally)


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
