# SPDX-License-Identifier: GPL-2.0-only
"""Pieces on the workers of a Dask cluster. A lost worker's pieces run again elsewhere and count once, by number."""

import logging
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from pte_review.harness.errors import UsageError
from pte_review.harness.exhaust.job import Job, run_piece
from pte_review.harness.exhaust.tally import SpaceTally
from pte_review.models.kernel_tree.brought import is_brought

LOCAL = "local"
CONNECT_SECONDS = 10
KILLED = "the workers that ran it died, every time"

_one_at_a_time = threading.Lock()  # a loaded version counts its passes in one place of the process


def results(
    job: Job, digest: str, todo: Iterator[int], address: str, jobs: int
) -> Generator[tuple[int, SpaceTally | str], None, None]:
    """Each piece of `todo` with its tally as they come, or why there is none.

    `address` is a scheduler's, or LOCAL for `jobs` worker processes here. Raises UsageError.
    """
    distributed = needed()
    job = replace(
        job,
        base=_absolute(job.base),
        candidate=_absolute(job.candidate),
        tree=job.tree and str(Path(job.tree).resolve()),
        patches=tuple(patch if is_brought(Path(patch)) else str(Path(patch).resolve()) for patch in job.patches),
    )
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, stack, address, jobs))
        under_way = 4 * max(1, sum(client.nthreads().values()))

        def submitted(number: int) -> Any:
            key = f"pte-review-{digest}-{number}"
            return client.submit(_piece, job, digest, number, key=key, pure=False)

        numbers = {future: number for number in islice(todo, under_way) for future in [submitted(number)]}
        done = distributed.as_completed(list(numbers))
        for future in done:
            number = numbers.pop(future)
            yield number, _result(distributed, future)
            for number in islice(todo, 1):
                another = submitted(number)
                numbers[another] = number
                done.add(another)


def _absolute(name: str) -> str:
    """A version's file by a path that holds in any folder; workers on other machines have to see the same files."""
    return str(Path(name).resolve()) if Path(name).suffix == ".py" else name


def _piece(job: Job, digest: str, number: int) -> SpaceTally:
    with _one_at_a_time:
        return run_piece(job, digest, number)


def needed() -> Any:
    """The package `distributed`, if it is there. Raises UsageError."""
    try:
        return import_module("distributed")
    except ImportError:
        raise UsageError("--dask needs Dask: python -m pip install 'pte-review[dask]'") from None


def _client(distributed: Any, stack: ExitStack, address: str, jobs: int) -> Any:
    """A client of the cluster; a cluster of our own ends with `stack`. Raises UsageError."""
    if address == LOCAL:
        with _deaf():
            cluster = distributed.LocalCluster(
                n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            )
        return distributed.Client(stack.enter_context(cluster))
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, name="pte-review")
    except (OSError, ValueError, TimeoutError) as error:
        what = str(error).partition("\n")[0]
        raise UsageError(f"--dask {address}: no scheduler answers there: {what}") from None


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that are started here leave Ctrl-C to this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _result(distributed: Any, future: Any) -> SpaceTally | str:
    """The piece's tally, or that its workers died. Raises what the piece raised."""
    error = future.exception()
    if error is None:
        tally: SpaceTally = future.result()
        return tally
    if isinstance(error, distributed.KilledWorker):
        return KILLED
    raise error
