# SPDX-License-Identifier: GPL-2.0-only
"""Small jobs, and ports with one mistake at one table."""

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from pte_review.harness.exhaust.job import Job, ready
from pte_review.harness.exhaust.run import begin, go_on
from pte_review.harness.exhaust.shards import WHOLE, Shard
from pte_review.harness.exhaust.state import State
from pte_review.harness.exhaust.tally import SpaceTally, merge
from pte_review.harness.progress import silent
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.scenario import Scenario
from tests.kit.moves import as_move

HEAD = """import os
import signal
from pathlib import Path

from pte_review.models.move_ptes.pre_patch import move_ptes as right


def move_ptes(k, pmc, extent, old_pmd, new_pmd):
"""
KILL = "os.kill(os.getppid(), signal.SIGKILL)"  # of the process that runs pieces, whose child a port is


def job(
    base: str = "pre_patch",
    candidate: str = "v4",
    arches: Sequence[str] = ("x86_64",),
    entries: int = 1,
    contract: str = "folio-ad",
    size: int = 0,
) -> Job:
    return Job(MOVE_PTES, base, candidate, contract, tuple(arches), entries, size)


def at_one_table(path: Path, scenario: Scenario, *what: str) -> str:
    """Writes a port that is right but for `what` it does where it is called as in `scenario`. Returns its name."""
    p = scenario.config.ptrs_per_pte
    where = (
        f"k.memory[{p}:{2 * p}] == {[dict(as_move(scenario).old_table).get(i, 0) for i in range(p)]}",
        f"(pmc.old_addr, pmc.new_addr) == ({as_move(scenario).old_addr}, {as_move(scenario).new_addr})",
        f"repr(pmc.old) == {repr(scenario.vma)!r}",
        f"repr(k.scenario.folios) == {repr(scenario.folios)!r}",
        f"repr(k.config) == {repr(scenario.config)!r}",
    )
    body = [f"if {' and '.join(where)}:", *(f"    {line}" for line in what)]
    body += ["return right(k, pmc, extent, old_pmd, new_pmd)"]
    path.write_text(HEAD + "".join(f"    {line}\n" for line in body), encoding="utf-8")
    return str(path)


def run_all(one: Job, shard: Shard = WHOLE, *, jobs: int = 2, dask: str | None = None) -> tuple[Job, State]:
    """The job done, from the beginning, and its state."""
    one, state, path = begin(one, shard, restart=True)
    go_on(one, state, path, jobs=jobs, dask=dask, listen=silent, work="tables")
    return one, state


def serial(one: Job) -> SpaceTally:
    """The tally of the whole job, piece after piece in this process."""
    here = ready(one)
    return reduce(merge, map(here.run, range(here.plan.pieces)), SpaceTally())


def total(state: State) -> SpaceTally:
    return reduce(merge, state.tallies.values(), SpaceTally())
