# SPDX-License-Identifier: GPL-2.0-only
"""`python -m pte_review` is the command `pte-review`."""

import sys
import traceback


def main() -> None:
    """Run the command. An installation that is broken ends in the status of our own mistakes, not in Python's 1."""
    try:
        from pte_review.harness.cli.main import main as command
    except Exception as error:
        traceback.print_exc()
        print(f"pte-review: a mistake of pte-review itself, or of how it is installed: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(70)
    command()


if __name__ == "__main__":
    main()
