# SPDX-License-Identifier: GPL-2.0-only
"""Looks for false alarms for as long as you like: every version against itself, resumable; `make soak`.

A version is loaded twice and both copies run on machines of their own, so a run that is not the same every time shows
as well. What pre_patch does is also held to the rules that need no partner: it keeps them all on legal scenarios.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

if __name__ == "__main__":  # tests/ has a harness and a models of its own
    sys.path[0] = str(Path(__file__).parent.parent)

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.errors import UsageError
from harness.judging.contracts import CONTRACTS
from harness.judging.judge import sit
from harness.reports.picture import picture
from harness.review import MOST_EXAMPLES, Silent, check_count, review
from harness.verdict import Verdict
from models.arch import ARCHES
from models.variants import load, names

STATE = Path(__file__).parent.parent / ".pte-review" / "soak.json"
VERSION = 1
CHUNK = 500


@dataclass
class State:
    """How far a soak has come: scenarios by architecture, and what went wrong, as text."""

    version: int = VERSION
    variants: list[str] = field(default_factory=names)
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ARCHES, 0))
    alarms: list[str] = field(default_factory=list)


def load_state(path: Path) -> State:
    """What `path` holds, a fresh State if there is no such file. Raises UsageError."""
    if not path.exists():
        return State()
    try:
        state = State(**json.loads(path.read_text(encoding="utf-8")))
        usable = all(isinstance(state.done[arch], int) for arch in ARCHES) and isinstance(state.alarms, list)
    except (ValueError, TypeError, KeyError):
        usable = False
    if not usable or state.version != VERSION:
        raise UsageError(f"{path}: no progress of a soak that can be resumed; --restart begins anew")
    if state.variants != names():
        raise UsageError(f"{path}: begun with the variants {', '.join(state.variants)}; --restart begins anew")
    return state


def save_state(path: Path, state: State) -> None:
    """Replace `path` as a whole: an interruption leaves the old one or the new one."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105  # the atomic one, by its own name


def false_alarms(arch: str, examples: int, seed: int, reporter: Silent | None = None) -> tuple[int, list[str]]:
    """Scenarios tried, and what is wrong with any version against itself or with pre_patch on its own."""
    pairs = [(name, Path(load(name).filename)) for name in names()]
    verdicts = review(pairs, arch=arch, max_examples=examples, seed=seed, reporter=reporter)
    for contract in CONTRACTS:
        if contract != verdicts[0].contract:
            verdicts += review(pairs[:1], arch=arch, contract=contract, max_examples=examples, seed=seed)
    return min(v.examples for v in verdicts), [alarm for verdict in verdicts for alarm in _alarms(verdict)]


def _alarms(verdict: Verdict) -> list[str]:
    where = f"{', '.join(verdict.arches)}, contract {verdict.contract}, seed {verdict.seed}"
    base, candidate = load(verdict.base), load(verdict.candidate)
    alarms = [f"{verdict.base}: {verdict.why} ({where})"] if verdict.why else []
    for divergence in verdict.divergences:
        sitting = sit(divergence.scenario, base, candidate, CONTRACTS[verdict.contract])
        alarms.append(picture(divergence, verdict.base, "itself", sitting) + where)
    if verdict.base == "pre_patch":
        alarms += [f"pre_patch breaks a rule: {kind}, {count} scenarios ({where})" for kind, count in verdict.shared]
    return alarms


class Bar(Silent):
    """A bar an architecture on a terminal's stderr; silent elsewhere."""

    def __init__(self, state: State, examples: int) -> None:
        console = Console(file=sys.stderr)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)
        self.before = state.done
        self.tasks = {arch: self.progress.add_task(arch, total=examples, completed=state.done[arch]) for arch in ARCHES}

    def exploring(self, arch: str, done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            self.progress.update(self.tasks[arch], completed=self.before[arch] + done)


def soak(path: Path, examples: int, chunk: int) -> State:
    """Go on from `path` until every architecture has had `examples` scenarios, a chunk of each in turn."""
    state = load_state(path)
    bar = Bar(state, examples)
    with bar.progress:
        while arch := min((a for a in ARCHES if state.done[a] < examples), key=state.done.__getitem__, default=None):
            wanted = min(chunk, examples - state.done[arch])
            count, alarms = false_alarms(arch, wanted, seed=state.done[arch], reporter=bar)
            state.done[arch] += count
            state.alarms += alarms
            save_state(path, state)
    return state


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Look for false alarms: every version against itself.")
    parser.add_argument("--examples", type=int, default=100_000, help="scenarios an architecture (%(default)s)")
    parser.add_argument("--chunk", type=int, default=CHUNK, help="scenarios between two savings (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier soak has done")
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        check_count("--examples", options.examples, MOST_EXAMPLES)
        check_count("--chunk", options.chunk, MOST_EXAMPLES)
        if options.restart:
            options.state.unlink(missing_ok=True)
        state = soak(options.state, options.examples, options.chunk)
    except UsageError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on from {options.state}", file=sys.stderr)
        return 130
    print("\n\n".join([*state.alarms, ""]), end="")
    print(f"{sum(state.done.values()):,} scenarios, {len(state.alarms)} divergences")
    return 1 if state.alarms else 0


if __name__ == "__main__":
    sys.exit(main())
