# SPDX-License-Identifier: GPL-2.0-only
"""`python -m tests.kit.interrupted N ARGUMENTS`: pte-review, which gets a Ctrl-C when N pieces of its work are done.

As a terminal sends it: to the whole process group, so it has to lead one of its own.
"""

import os
import signal
import subprocess
import sys

from pte_review.harness.cli.main import main
from pte_review.harness.exhaust.state import State
from pte_review.harness.exhaust.tally import SpaceTally
from tests.kit.done import Done
from tests.kit.trees import ROOT


def interrupted(pieces: int, *arguments: str) -> Done:
    """`pte-review ARGUMENTS`, stopped after `pieces`. Comes back when no process of it has its stderr open any more."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kit.interrupted", str(pieces), *arguments],
        capture_output=True,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _ring_after(pieces: int) -> None:
    plain = State.add

    def add(self: State, number: int, arch: str, result: SpaceTally | str) -> None:
        plain(self, number, arch, result)
        if len(self.done) == pieces:
            os.killpg(0, signal.SIGINT)

    State.add = add  # type: ignore[method-assign]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    _ring_after(int(sys.argv[1]))
    main(sys.argv[2:])
