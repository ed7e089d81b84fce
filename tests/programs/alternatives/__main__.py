# SPDX-License-Identifier: GPL-2.0-only
"""Would something simpler have found it? Plain lists and CrossHair on bugs, beside pte-review.

`make alternatives`: a table for a mail, some minutes to an hour; an interrupted run goes on where it was. What an
alternative finds is judged by its own assertion, that both versions leave the same tables, and only named by ours.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from rich.console import Console

from pte_review.harness.errors import UsageError
from pte_review.models.arch import ARCHES
from tests.kit.resumable import state_file
from tests.programs.alternatives.methods import METHODS, hunts
from tests.programs.alternatives.tries import Tries, load_state, save_state
from tests.programs.studied import STUDIES

Measure = Callable[[], Tries]
STATE = state_file("alternatives")
CONTROL_SECONDS = 30

HEADER = """\
Examples until the bug's kind is first seen, and seconds: medians of the
(n) seeds that found it in time; CrossHair runs once and counts paths.
+m: m differences that are not the bug come first. none n: not in n
examples, time is up. all n: these are all, it is in none of them. Lists
and CrossHair compare the tables left behind and how a run ended; what
neither shows is "same tables", what needs an entry there "not drawn".
"""


def rows(subjects: Sequence[str], seconds: float) -> Iterator[tuple[str, str, list[tuple[str, Measure | str]]]]:
    """(heading before it, label, cells by their keys) of each line; a cell that is not measured is its text."""
    for hunt in (each for name in subjects for each in hunts(STUDIES[name])):
        heading = f"\n{' -> '.join(hunt.pair)}: {hunt.kind or hunt.title}"
        limit = seconds if hunt.kind else min(seconds, CONTROL_SECONDS)
        methods = dict(list(METHODS.items())[:1]) | {"lists, CrossHair": None} if hunt.unseen else METHODS
        for label, method in methods.items():
            cells: list[tuple[str, Measure | str]] = []
            for arch in ARCHES:
                key = f"{' '.join(hunt.pair)} {hunt.kind} {arch} {label}"
                cell = partial(method, hunt, arch, limit) if method else hunt.unseen
                cells.append((key, cell if arch in hunt.arches else "-"))
            yield heading, label, cells
            heading = ""


def table(path: Path, subjects: Sequence[str], seconds: float) -> None:
    """Print the table line by line, measuring what `path` does not have."""
    cells = load_state(path, seconds)
    console = Console(file=sys.stderr)
    print(f"{HEADER}At most {seconds:g} s a cell, {min(seconds, CONTROL_SECONDS):g} s where nothing is to be found.\n")
    print(f"{'':<27}" + "".join(f"{arch:<23}" for arch in ARCHES).rstrip(), flush=True)
    for heading, label, line in rows(subjects, seconds):
        if heading:
            print(heading)
        texts = []
        for key, measure in line:
            if not isinstance(measure, str) and key not in cells:
                with console.status(f"{key}: up to {seconds:g} s") if console.is_terminal else nullcontext():
                    cells[key] = measure()
                save_state(path, seconds, cells)
            texts.append(measure if isinstance(measure, str) else str(cells[key]))
        print(f"{'  ' + label:<27}{texts[0]:<23}{texts[1]}".rstrip(), flush=True)


def _check(seconds: float) -> None:
    if importlib.util.find_spec("crosshair") is None:
        raise UsageError("CrossHair is not installed: make alternatives, or pip install -e '.[compare]'")
    if not 0 < seconds <= 3600:
        raise UsageError(f"--seconds: expected more than 0 and at most 3600, got {seconds:g}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Plain lists and CrossHair on the bugs that pte-review finds.")
    parser.add_argument("--subject", choices=STUDIES, help="its bugs alone")
    parser.add_argument("--seconds", type=float, default=120, help="for each bug, architecture and tool (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier run has measured")
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        _check(options.seconds)
        if options.restart:
            options.state.unlink(missing_ok=True)
        table(options.state, [options.subject] if options.subject else list(STUDIES), options.seconds)
    except UsageError as error:
        print(f"alternatives: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from {options.state}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
