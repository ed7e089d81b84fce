# SPDX-License-Identifier: GPL-2.0-only
"""Pieces on the cores of this machine, in processes: one that dies takes nothing with it."""

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from pte_review.harness.exhaust.job import Job, run_piece
from pte_review.harness.exhaust.tally import SpaceTally
from pte_review.models.session import end_with

DIED = "its process died, and died again when it ran alone"


def results(
    job: Job, digest: str, todo: Iterator[int], jobs: int
) -> Generator[tuple[int, SpaceTally | str], None, None]:
    """Each piece of `todo` with its tally as they come, or with how its process died.

    If a process dies, every unfinished piece runs again, alone; a piece that dies again is the cause.
    """
    running: dict[Future[SpaceTally], int] = {}
    while True:
        try:
            yield from _spread(job, digest, todo, jobs, running)
        except BrokenProcessPool:
            for number in sorted(running.values()):
                yield number, _alone(job, digest, number)
            running.clear()
        else:
            return


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C to this one, and end with it."""
    return ProcessPoolExecutor(jobs, initializer=_begin, initargs=(os.getpid(),))


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)


def _spread(
    job: Job, digest: str, todo: Iterator[int], jobs: int, running: dict[Future[SpaceTally], int]
) -> Iterator[tuple[int, SpaceTally]]:
    """Pieces as they are done, two a process under way at a time. Raises BrokenProcessPool, `running` lost."""
    others = multiprocessing.active_children()
    pool = _pool(jobs)
    try:
        while True:
            for number in islice(todo, 2 * jobs - len(running)):
                running[_submitted(pool, job, digest, number)] = number
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                tally = future.result()
                yield running.pop(future), tally
    finally:
        for process in multiprocessing.active_children() if running else ():  # interrupted: their pieces are lost
            if process not in others:
                process.terminate()
        pool.shutdown(cancel_futures=True)  # its thread finds the processes gone, and ends before what it uses does


def _submitted(pool: ProcessPoolExecutor, job: Job, digest: str, number: int) -> Future[SpaceTally]:
    """The piece's future; a broken one where the pool broke before."""
    try:
        return pool.submit(run_piece, job, digest, number)
    except BrokenProcessPool as error:
        future: Future[SpaceTally] = Future()
        future.set_exception(error)
        return future


def _alone(job: Job, digest: str, number: int) -> SpaceTally | str:
    with _pool(1) as pool:
        try:
            return pool.submit(run_piece, job, digest, number).result()
        except BrokenProcessPool:
            return DIED
