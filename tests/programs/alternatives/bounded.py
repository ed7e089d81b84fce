# SPDX-License-Identifier: GPL-2.0-only
"""Runs diffbehavior.py for at most so many seconds, and puts what it finds before pte-review's judge."""

import ast
import json
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.side_by_side import Comparison, compare_on
from tests.kit.study import Study
from tests.kit.trees import ROOT
from tests.programs.alternatives.lists import differ, kinds
from tests.programs.alternatives.symbolic import FORMS, scenario_of
from tests.programs.alternatives.tries import Try
from tests.programs.alternatives.word import value

PROGRAM = "tests.programs.alternatives.diffbehavior"
IMPORT_SECONDS = 60  # until it is ready, which is not counted


def compare(study: Study, pair: tuple[str, str], kind: str, arch: str, form: str, seconds: float) -> Try:
    """Until CrossHair finds a difference of `kind`, any if that is "". Raises RuntimeError where its wrapper fails."""
    paths, other, ready = 0, 0, False
    for said in _said([study.name, *pair, arch, form, str(seconds)], seconds):
        paths, ready = said.get("paths", paths), True
        if said.get("errors"):
            raise RuntimeError(f"exceptions that pass for agreement: {said['errors']}")
        if "args" in said:
            comparison = replayed(study, pair, arch, form, said["args"])
            if not differ(comparison):
                raise RuntimeError(f"CrossHair's difference does not happen again: {said['args']}")
            if not kind or kind in kinds(comparison):
                return Try(True, paths, other, said["seconds"])
            other += 1
        elif "end" in said:
            return Try(False, paths, other, said["seconds"], exhausted=said["end"] == "exhausted")
    if not ready:
        raise RuntimeError(f"CrossHair did not start: {PROGRAM}")
    return Try(False, paths, other, seconds)


def replayed(study: Study, pair: tuple[str, str], arch: str, form: str, args: dict[str, str]) -> Comparison:
    """Both versions on the machine as it is, from the arguments that CrossHair prints."""
    values = {name: ast.literal_eval(shown) for name, shown in args.items()}
    beside = values.pop("beside")
    entries = [value(pte) for pte in FORMS[form].entries(arch, *values.values())]
    base, candidate = map(study.load, pair)
    scenario = scenario_of(study.plain, arch, entries, beside)
    return compare_on(study.subject, scenario, (base, candidate), CONTRACTS["folio-ad"]).pair(base, candidate)


def _said(arguments: list[str], seconds: float) -> Iterator[dict[str, Any]]:
    """What the program says, as it says it; killed when `seconds` have passed since it was ready."""
    command = [sys.executable, "-m", PROGRAM, *arguments]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
        selectors.DefaultSelector() as selector,
    ):
        assert process.stdout is not None
        selector.register(process.stdout, selectors.EVENT_READ)
        end, buffer = time.monotonic() + IMPORT_SECONDS, b""
        try:
            while selector.select(max(0.0, end - time.monotonic())):
                if not (chunk := process.stdout.read1()):  # type: ignore[attr-defined]
                    return
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    said = json.loads(line)
                    end = time.monotonic() + seconds if "ready" in said else end
                    yield said
        finally:
            process.kill()
