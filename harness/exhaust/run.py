# SPDX-License-Identifier: GPL-2.0-only
"""Runs the pieces of a job that are not done yet and saves progress: an interruption costs seconds of work."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pte_review.harness.exhaust import cluster, local
from pte_review.harness.exhaust.job import Job, ready
from pte_review.harness.exhaust.shards import Shard
from pte_review.harness.exhaust.state import State, load_state, save_state, state_path
from pte_review.harness.progress import Listen, Progress

SAVE_EVERY = 3.0  # seconds


def begin(job: Job, shard: Shard, *, restart: bool) -> tuple[Job, State, Path]:
    """The job with its piece size settled, its progress so far, and the file for it. Raises UsageError."""
    here = ready(job)
    path = state_path(here.digest, shard)
    if restart:
        path.unlink(missing_ok=True)
    state = load_state(path) or State(here.digest, here.plan.size, shard)
    return replace(job, size=state.size), state, path


def go_on(job: Job, state: State, path: Path, *, jobs: int, dask: str | None, listen: Listen, work: str) -> None:
    """Run the missing pieces of `state`; `listen` is told how far `work` is.

    Saves as it goes, and when KeyboardInterrupt or anything else ends it.
    """
    here = ready(job)
    total = here.plan.cases_of(state.shard)
    listen(Progress(work, state.tables, total))
    todo = (number for number in here.plan.numbers(state.shard) if number not in state.done)
    if dask:
        results = cluster.results(job, state.digest, todo, dask, jobs)
    else:
        results = local.results(job, state.digest, todo, jobs)
    before, started = state.seconds, time.monotonic()
    saved = started
    try:
        save_state(path, state)
        with closing(results):
            for number, result in results:
                state.add(number, here.arch(number), result)
                now = time.monotonic()
                state.seconds = before + now - started
                listen(Progress(work, state.tables, total))
                if any(tally.slow for tally in state.tallies.values()):
                    return
                if now - saved >= SAVE_EVERY:
                    save_state(path, state)
                    saved = time.monotonic()
    finally:
        state.seconds = before + time.monotonic() - started
        save_state(path, state)
