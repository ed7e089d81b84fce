# SPDX-License-Identifier: GPL-2.0-only
"""What holds of every call, whatever it is given: a documented exit status, one line, no traceback, nothing written."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from time import perf_counter
from typing import NamedTuple

from pte_review.harness.cli.main import main
from tests.programs.fuzz.cases import KINDS

STATUSES = (0, 1, 2, 3)
SLOW = 30  # seconds
MAY_WRITE = ("--json", "--save", "--mail", "--html", "--console", "new-version", "exhaust")


class Call(NamedTuple):
    """One call and what came of it."""

    arguments: list[str]
    status: int
    output: str
    errors: str
    seconds: float
    written: set[str]


def made(kind: str, number: int) -> Call:
    """Case `number` of `kind`, run in the current folder, which is empty."""
    arguments = KINDS[kind](Random(f"{kind} {number}"))
    before, environment = _files(), dict(os.environ)
    output, errors, started = io.StringIO(), io.StringIO(), perf_counter()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            main(arguments)
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 0
        finally:  # --trust is for what comes of this call alone
            os.environ.clear()
            os.environ.update(environment)
    seconds = perf_counter() - started
    return Call(arguments, status, output.getvalue(), errors.getvalue(), seconds, _files() - before)


def _files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def broken(call: Call) -> str:
    """What of the rule the call breaks; "" if nothing."""
    if call.status not in STATUSES:
        return f"exit status {call.status}"
    if "Traceback" in call.output + call.errors:
        return "a traceback"
    if call.status == 2 and not call.errors.startswith("pte-review: "):
        return "an error that does not say whose it is"
    if call.status == 2 and any(ord(c) < 32 for c in call.errors.replace("\n", "").replace("\t", "")):
        return "control characters"
    if call.written and not any(word in call.arguments for word in MAY_WRITE):
        return f"files: {', '.join(sorted(call.written))}"
    return f"{call.seconds:.0f} seconds" if call.seconds > SLOW else ""


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A folder to work in, gone afterwards."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="pte-review-fuzz-") as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def first_broken(kind: str, numbers: range) -> str:
    """The first of the cases that breaks the rule, and how; "" if none does."""
    for number in numbers:
        with empty_folder():
            call = made(kind, number)
        if why := broken(call):
            return f"{kind} {number}: {why}: {call.arguments}\n{call.errors[:500]}"
    return ""


if __name__ == "__main__":  # python -m tests.programs.fuzz.rule KIND NUMBER shows one
    print(made(sys.argv[1], int(sys.argv[2])))
