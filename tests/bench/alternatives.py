# SPDX-License-Identifier: GPL-2.0-only
"""Would something simpler have found it? Plain lists and CrossHair on the bugs of move_ptes(), beside pte-review.

`make alternatives`: a table for a mail, some minutes to an hour; an interrupted run goes on where it was. What an
alternative finds is judged by its own assertion, that both versions leave the same tables, and only named by ours.
"""

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":  # tests/ has a harness and a models of its own
    sys.path[0] = str(Path(__file__).parents[2])

from rich.console import Console

from harness.errors import UsageError
from harness.judging.contracts import CONTRACTS
from harness.search.explore import Tally, explore
from models.arch import ARCHES
from models.variants import load
from tests.bench.bounded import compare
from tests.bench.lists import LISTS, search
from tests.bench.symbolic import FORMS
from tests.bench.tries import Tries, Try

STATE = Path(__file__).parents[2] / ".pte-review" / "alternatives.json"
VERSION = 1
SEEDS = 20
CONTROL_SECONDS = 30
MOST_SCENARIOS = 100_000


@dataclass(frozen=True)
class Bug:
    """A version with a bug, one without, and the kind of divergence that tells them apart; "" for a right version."""

    variant: str
    base: str
    kind: str
    hostile: str | None = None


BUGS = (
    Bug("v4", "pre_patch", "write-gained"),
    Bug("refactor", "pre_patch", "unassigned-read"),
    Bug("refactor_keep_old", "pre_patch", "entry-duplicated"),
    Bug("refactor_clear_new", "pre_patch", "entry-left-behind"),
)
CONTROLS = (  # the second batches on x86_64 as well, and is wrong on shadow stacks and for CONT of invalid entries
    Bug("v4_fixed", "pre_patch", ""),
    Bug("v4_respect_write", "pre_patch", ""),
)

Method = Callable[[Bug, str, float], Tries]


def by_pte_review(bug: Bug, arch: str, seconds: float) -> Tries:
    """Scenarios until its kind is seen; for a control any kind on legal tables counts, and should not be there."""
    pair = (load(bug.base), load(bug.variant))

    def one(start: int, left: float) -> Try:
        began = time.monotonic()

        def enough(tally: Tally) -> bool:
            return _seen(tally, bug.kind) or time.monotonic() - began > left

        contract = CONTRACTS["folio-ad"]
        (tally,) = explore(arch, [pair], contract, bug.hostile, MOST_SCENARIOS, start, enough=enough)
        found = _seen(tally, bug.kind)
        others = len({kind for kind, _, _ in tally.seen} - {bug.kind})
        return Try(found, tally.examples, others, time.monotonic() - began)

    return _seeds(one, seconds)


def _seen(tally: Tally, kind: str) -> bool:
    return any(not kind or kind == seen for seen, _, _ in tally.seen)


def by_lists(which: str) -> Method:
    def method(bug: Bug, arch: str, seconds: float) -> Tries:
        pair, strategy = (load(bug.base), load(bug.variant)), LISTS[which](arch)
        return _seeds(lambda start, left: search(strategy, pair, bug.kind, start, left), seconds)

    return method


def by_crosshair(form: str) -> Method:
    def method(bug: Bug, arch: str, seconds: float) -> Tries:
        return Tries([compare(bug.base, bug.variant, bug.kind, arch, form, seconds)])

    return method


def _seeds(one: Callable[[int, float], Try], seconds: float) -> Tries:
    """Seed after seed, until one finds nothing or all `seconds` are used up."""
    tries, end = Tries(), time.monotonic() + seconds
    for start in range(SEEDS):
        if start and time.monotonic() >= end:
            break
        tries.seeds.append(one(start, end - time.monotonic()))
        if not tries.seeds[-1].found:
            break
    return tries


METHODS: dict[str, Method] = {
    "pte-review": by_pte_review,
    **{f"lists, {which}": by_lists(which) for which in LISTS},
    **{f"CrossHair, {form}": by_crosshair(form) for form in FORMS},
}

HEADER = """\
Examples until the bug's kind is first seen, seconds: medians of (n) seeds.
"+m": m differences that are not the bug come first. "none n": not in n
examples. "all n": n paths are all there are, and it is in none of them.
Lists and CrossHair see the tables left behind and how a run ended.
"""


def rows(seconds: float) -> Iterator[tuple[str, str, list[tuple[str, Callable[[], Tries]]]]]:
    """(heading before it, label, cells by their keys) of each line, in order."""
    for bug in (*BUGS, *CONTROLS):
        heading = f"\n{bug.variant}: {bug.kind or 'right on these tables: any difference is a false alarm'}"
        limit = seconds if bug.kind else min(seconds, CONTROL_SECONDS)
        for label, method in METHODS.items():
            cells = []
            for arch in ARCHES:
                key = f"{bug.base} {bug.variant} {bug.kind} {arch} {label}"
                cells.append((key, lambda m=method, b=bug, a=arch, s=limit: m(b, a, s)))  # type: ignore[misc]
            yield heading, label, cells
            heading = ""


def load_state(path: Path, seconds: float) -> dict[str, Tries]:
    """The cells that an earlier run measured. Raises UsageError."""
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        cells = {key: Tries([Try(**one) for one in seeds]) for key, seeds in data["cells"].items()}
        usable = data["version"] == VERSION and data["seconds"] == seconds and all(c.seeds for c in cells.values())
    except (ValueError, TypeError, KeyError, AttributeError):
        usable = False
    if not usable:
        raise UsageError(f"{path}: no run with --seconds {seconds:g} that can be resumed; --restart begins anew")
    return cells


def save_state(path: Path, seconds: float, cells: dict[str, Tries]) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one."""
    path.parent.mkdir(exist_ok=True)
    data = {"version": VERSION, "seconds": seconds}
    data["cells"] = {key: [asdict(one) for one in tries.seeds] for key, tries in cells.items()}  # type: ignore[assignment]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105  # the atomic one, by its own name


def table(path: Path, seconds: float) -> None:
    """Print the table line by line, measuring what `path` does not have."""
    cells = load_state(path, seconds)
    console = Console(file=sys.stderr)
    print(f"{HEADER}At most {seconds:g} s a cell, {min(seconds, CONTROL_SECONDS):g} s where nothing is to be found.\n")
    print(f"{'':<27}" + "".join(f"{arch:<24}" for arch in ARCHES).rstrip(), flush=True)
    for heading, label, line in rows(seconds):
        if heading:
            print(heading)
        for key, measure in line:
            if key not in cells:
                if console.is_terminal:
                    with console.status(f"{key}: up to {seconds:g} s"):
                        cells[key] = measure()
                else:
                    cells[key] = measure()
                save_state(path, seconds, cells)
        texts = [str(cells[key]) for key, _ in line]
        print(f"{'  ' + label:<27}{texts[0]:<24}{texts[1]}", flush=True)


def _check(seconds: float) -> None:
    if importlib.util.find_spec("crosshair") is None:
        raise UsageError("CrossHair is not installed: make alternatives, or pip install -e '.[compare]'")
    if not 0 < seconds <= 3600:
        raise UsageError(f"--seconds: expected more than 0 and at most 3600, got {seconds:g}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Plain lists and CrossHair on the bugs that pte-review finds.")
    parser.add_argument("--seconds", type=float, default=120, help="for each bug, architecture and tool (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier run has measured")
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        _check(options.seconds)
        if options.restart:
            options.state.unlink(missing_ok=True)
        table(options.state, options.seconds)
    except UsageError as error:
        print(f"alternatives: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from {options.state}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
