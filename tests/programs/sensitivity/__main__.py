# SPDX-License-Identifier: GPL-2.0-only
"""`make sensitivity`: every mutant on every core, resumable. 1 if one survives unargued or the list is not right."""

import argparse
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pte_review.harness.errors import UsageError
from pte_review.harness.review import MOST_EXAMPLES, check_count
from tests.programs.sensitivity.argued import LIST, killed, problems, read
from tests.programs.sensitivity.judging import EXAMPLES, Fate, judge_all
from tests.programs.sensitivity.mutants import Made, Mutant, make
from tests.programs.sensitivity.report import report, unexplained
from tests.programs.sensitivity.state import STATE, load, save, sources
from tests.programs.studied import STUDIES, originals

CHUNK = 24  # mutants that share scenarios, and are lost together when interrupted
MEMORY = 4 << 30  # bytes a worker: a mutant may shift by an address
Task = tuple[list[Mutant], int]


def begin() -> None:
    """In a worker: the parent is the one who is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def work(task: Task) -> list[tuple[str, Fate]]:
    mutants, examples = task
    return [(mutant.key, fate) for mutant, fate in zip(mutants, judge_all(mutants, examples), strict=True)]


def tasks(made: Sequence[Made], known: dict[str, Fate], examples: int) -> list[Task]:
    """What is left to do, in chunks of one original, each from all over it: mutants that take long are neighbours."""
    result = []
    for one in made:
        left = [mutant for mutant in one.mutants if mutant.key not in known]
        chunks = -(-len(left) // CHUNK)
        result += [(left[i::chunks], examples) for i in range(chunks)]
    return result


def run(path: Path, versions: Sequence[str], examples: int) -> tuple[list[Made], dict[str, Fate]]:
    """Mutants of `versions` and their fates, what `path` knows of them taken from there."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    context = multiprocessing.get_context("fork")
    with (
        Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar,
        context.Pool(os.cpu_count(), begin) as pool,
    ):
        making = bar.add_task("making mutants", total=len(versions))
        made = []
        for one in pool.imap(make, versions):
            made.append(one)
            bar.advance(making)
        of, fates = sources(), load(path, examples)
        judging = bar.add_task("judging mutants", total=sum(len(one.mutants) for one in made))
        bar.advance(judging, sum(mutant.key in fates for one in made for mutant in one.mutants))
        for done in pool.imap_unordered(work, tasks(made, fates, examples)):
            fates.update(done)
            save(path, examples, fates, of)
            bar.advance(judging, len(done))
    return made, fates


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="sensitivity", description="How many mutants of right versions are killed.")
    parser.add_argument("--subject", choices=STUDIES, help="mutants of its versions alone")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="scenarios an architecture (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier run has found")
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        check_count("--examples", options.examples, MOST_EXAMPLES)
    except UsageError as error:
        print(f"sensitivity: {error}", file=sys.stderr)
        return 2
    versions = tuple(originals(options.subject))
    print(f"mutants of {', '.join(versions)}: minutes; Ctrl-C and the same command goes on", file=sys.stderr)
    if options.restart:
        options.state.unlink(missing_ok=True)
    try:
        made, fates = run(options.state, versions, options.examples)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from there", file=sys.stderr)
        return 130
    studies = [STUDIES[options.subject]] if options.subject else STUDIES.values()
    listed, mutants = [a for study in studies for a in read(study)], [m for one in made for m in one.mutants]
    print(report(made, fates, listed, options.examples))
    wrong = problems(listed, mutants) + killed(listed, mutants, fates)
    print("".join(f"\n{LIST}: {problem}\n" for problem in wrong), end="")
    return 1 if wrong or unexplained(mutants, fates, listed) else 0


if __name__ == "__main__":
    sys.exit(main())
