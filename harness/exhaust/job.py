# SPDX-License-Identifier: GPL-2.0-only
"""A job to exhaust, as plain values for any process or machine, and the code that runs one piece of it there."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from pte_review import harness, models, strategies
from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.backend import Backend, backend_for
from pte_review.harness.exhaust.block import Block
from pte_review.harness.exhaust.shards import Plan, piece_size
from pte_review.harness.exhaust.tally import SpaceTally
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.side_by_side import with_config_of
from pte_review.harness.subject import Space, Subject
from pte_review.models.kernel_tree.brought import bring
from pte_review.models.version import Version, VersionError


@dataclass(frozen=True, slots=True)
class Job:
    """A pair, by name or path, under a contract, and a space. `size` is the tables of a piece, 0: the backend's."""

    subject: Subject
    base: str
    candidate: str
    contract: str
    arches: tuple[str, ...]
    entries: int
    size: int = 0
    tree: str = ""  # what `tree` and `tree+patch` are, as KernelText has it
    rev: str = ""
    patches: tuple[str, ...] = ()
    brought: tuple[tuple[str, bytes], ...] = ()  # those of the patches that are no files

    @property
    def text(self) -> KernelText:
        """The kernel text of the job."""
        for name, data in self.brought:
            bring(Path(name), data)
        return KernelText(
            self.subject, Path(self.tree) if self.tree else None, self.rev or None, tuple(map(Path, self.patches))
        )


@dataclass(frozen=True)
class Ready:
    """A job with everything loaded."""

    base: Version
    candidate: Version
    backend: Backend
    plan: Plan
    digest: str
    described: tuple[str, ...]  # what kernel text stands for, a line each

    def run(self, number: int) -> SpaceTally:
        """Piece `number`: the same wherever and however often it runs."""
        piece = self.plan.piece(number)
        return self.backend.run(self.plan.space[piece.block], piece.first, piece.end).in_block(piece.block)

    def arch(self, number: int) -> str:
        """The architecture of piece `number`."""
        return self.plan.space[self.plan.piece(number).block].template.arch


@lru_cache(maxsize=8)
def ready(job: Job) -> Ready:
    """Load the job, once a process. Raises UsageError."""
    try:
        text = job.text
        base, candidate = text.load_all(job.base, job.candidate, arches=job.arches)
        backend = backend_for(job.subject, base, candidate, CONTRACTS[job.contract])
    except VersionError as error:
        wrong = UsageError(str(error))
        wrong.details = getattr(error, "details", ())
        raise wrong from None
    blocks = tuple(
        replace(block, template=with_config_of(block.template, (base, candidate))) for block in blocks_of(job)
    )
    plan = Plan(blocks, job.size or piece_size(blocks, backend.piece))
    for version in (base, candidate):  # each process that runs pieces starts its own
        version.close()
    return Ready(base, candidate, backend, plan, _digest(job, base, candidate), tuple(text.describe()))


def blocks_of(job: Job) -> tuple[Block, ...]:
    """The whole space of a job: that of one architecture after the other."""
    return tuple(block for arch in job.arches for block in _space(job.subject)(arch, job.entries))


def _space(subject: Subject) -> Space:
    if subject.space is None:
        raise UsageError(f"exhaust: no space of small tables is known for {subject.name}()")
    return subject.space


def run_piece(job: Job, digest: str, number: int) -> SpaceTally:
    """One piece, in whatever process this is. Raises UsageError if its sources are not those of `digest`."""
    here = ready(job)
    if here.digest != digest:  # the file of a version has changed since this process loaded it
        ready.cache_clear()
        here = ready(job)
    if here.digest != digest:
        raise UsageError("a worker has another version of pte-review or of the pair: results would not belong together")
    return here.run(number)


def _digest(job: Job, base: Version, candidate: Version) -> str:
    """16 hex digits of everything that decides: the pair's source, contract and space, and the code that runs them.

    Names and paths are not in it, nor is a file that a version imports.
    """
    digest = hashlib.sha256(repr((job.subject.name, job.contract, job.arches, job.entries)).encode())
    for version in (base, candidate):
        digest.update(version.decides(job.arches) + b"\0")
    digest.update(_code())
    return digest.hexdigest()[:16]


@cache
def _code() -> bytes:
    """A hash of the code that this process runs."""
    digest = hashlib.sha256()
    for package in (harness, models, strategies):
        root = Path(str(package.__file__)).parent
        for file in sorted(file for file in root.rglob("*") if file.suffix in (".py", ".c", ".h")):
            digest.update(f"{root.name}/{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.digest()
