# SPDX-License-Identifier: GPL-2.0-only
"""CrossHair's diffbehavior on one pair, in a process of its own.

`python -m tests.programs.alternatives.diffbehavior SUBJECT BASE CANDIDATE ARCH FORM SECONDS`.

Prints a JSON object a line: each difference when it is found, where the command would print all at the end; at last
how it ended. SECONDS are of CPU time, half of them for each order of the two, as the command has it.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from crosshair import diff_behavior as crosshair_diff
from crosshair.core_and_libs import standalone_statespace  # noqa: F401  # registers the symbolic types
from crosshair.fnutil import FunctionInfo
from crosshair.options import DEFAULT_OPTIONS, AnalysisOptionSet

from tests.kit.study import Study
from tests.programs.alternatives.symbolic import FORMS, State, leaves, scenario_of
from tests.programs.studied import STUDIES

ERRORS: Counter[str] = Counter()  # exceptions of ours: raised on both sides they would pass for agreement


def function(study: Study, version_name: str, arch: str, form_name: str) -> Callable[..., State]:
    """What CrossHair compares: the form's arguments to what the version leaves behind."""
    version, form = study.load(version_name), FORMS[form_name]

    def call(*arguments: Any, beside: int) -> State:
        try:
            return leaves(scenario_of(study.plain, arch, form.entries(arch, *arguments), beside), version)
        except Exception as error:
            ERRORS[f"{type(error).__name__}: {error}"] += 1
            raise

    return form.function(call)


class Stats(Counter[str]):
    """CrossHair's own counts, which tells how far it has come about once a second."""

    said = 0.0

    def __setitem__(self, key: str, count: int) -> None:
        super().__setitem__(key, count)
        if time.monotonic() > self.said + 1:
            self.said = time.monotonic()
            say(paths=self["num_paths"], errors=ERRORS)


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main(subject: str, base: str, candidate: str, arch: str, form: str, seconds: str) -> None:
    options = DEFAULT_OPTIONS.overlay(AnalysisOptionSet(per_condition_timeout=float(seconds)))
    options.stats = Stats()
    pair = [FunctionInfo.from_fn(function(STUDIES[subject], name, arch, form)) for name in (base, candidate)]
    start = time.monotonic()

    class Telling(crosshair_diff.BehaviorDiff):
        """A difference that tells when it was found; it is made again to be reversed, from the second order."""

        told: set[str] = set()  # noqa: RUF012

        def __init__(self, args: dict[str, str], *rest: Any) -> None:
            super().__init__(args, *rest)
            if str(args) not in self.told:
                self.told.add(str(args))
                say(seconds=time.monotonic() - start, paths=options.stats["num_paths"], args=args)

    crosshair_diff.BehaviorDiff = Telling
    say(ready=True)
    unstable: list[None] = []
    crosshair_diff.diff_behavior(*pair, options, on_nondeterminism=lambda: unstable.append(None))
    say(
        end="exhausted" if options.stats["exhaustion"] == 2 else "time",  # once for each order
        seconds=time.monotonic() - start,
        paths=options.stats["num_paths"],
        errors=ERRORS,
        unstable=len(unstable),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
