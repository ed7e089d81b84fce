# SPDX-License-Identifier: GPL-2.0-only
"""The command: `make soak`. Runs chunks on every core; Ctrl-C stops, the same command goes on."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pte_review.harness.errors import UsageError
from pte_review.harness.review import MOST_EXAMPLES, check_count
from pte_review.models.arch import ARCHES
from tests.programs.soak import chunk as chunks
from tests.programs.soak.chunk import Chunk, Result
from tests.programs.soak.state import PATH, State, load_state, report
from tests.programs.studied import STUDIES

EXAMPLES = 500_000  # an architecture


def bar() -> Progress:
    """Scenarios done, on a terminal's stderr; silent elsewhere."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("soaking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def results(todo: Iterator[Chunk], jobs: int) -> Iterator[tuple[Chunk, Result]]:
    """Each chunk with its result, as they come; two a process are under way at a time."""
    with ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        running: dict[Future[Result], Chunk] = {}
        try:
            while True:
                running |= {pool.submit(chunks.run, c): c for c in islice(todo, 2 * jobs - len(running))}
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def soak(path: Path, subjects: Sequence[str], examples: int, jobs: int) -> State:
    """Go on from `path` until `subjects` have had `examples` scenarios an architecture. Saved after every chunk."""
    state = load_state(path)
    last = time.monotonic()
    with bar() as progress:
        total = examples * len(ARCHES) * len(subjects)
        task = progress.add_task("", total=total, completed=state.total(subjects))
        for chunk, result in results(state.missing(subjects, examples), jobs):
            soaked, now = state.subjects[chunk.subject], time.monotonic()
            soaked.add(chunk, result)
            soaked.seconds, last = soaked.seconds + now - last, now
            state.save(path)
            progress.update(task, completed=state.total(subjects))
    return state


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="soak",
        description="Look for false alarms: right versions against each other, every version against itself.",
    )
    parser.add_argument("--subject", choices=STUDIES, help="its versions alone")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="scenarios an architecture (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier soak has done")
    parser.add_argument("--state", type=Path, default=PATH, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    subjects = [options.subject] if options.subject else list(STUDIES)
    try:
        check_count("--examples", options.examples, MOST_EXAMPLES)
        check_count("--jobs", options.jobs, 1024)
        if options.restart:
            options.state.unlink(missing_ok=True)
        state = soak(options.state, subjects, options.examples, options.jobs)
    except UsageError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from {options.state}", file=sys.stderr)
        return 130
    print(report(state, subjects))
    return 1 if any(state.subjects[name].alarms for name in subjects) else 0


if __name__ == "__main__":
    sys.exit(main())
