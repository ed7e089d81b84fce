# SPDX-License-Identifier: GPL-2.0-only
"""The command: `make fuzz`. Cases of every kind until the time is up; the first that breaks the rule ends it."""

import argparse
import sys
import time

from tests.programs.fuzz.cases import KINDS
from tests.programs.fuzz.rule import first_broken

AT_ONCE = 50


def main() -> int:
    """Exit status 1 where the rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=1_000_000, help="the number of the first case")
    asked = parser.parse_args()
    end, number = time.monotonic() + 60 * asked.minutes, asked.first
    while time.monotonic() < end:
        for kind in KINDS:
            if why := first_broken(kind, range(number, number + AT_ONCE)):
                print(why)
                return 1
        number += AT_ONCE
        print(f"\r{(number - asked.first) * len(KINDS):,} cases", end="", file=sys.stderr, flush=True)
    print(f"\n{(number - asked.first) * len(KINDS):,} cases: none breaks the rule")
    return 0


if __name__ == "__main__":
    sys.exit(main())
