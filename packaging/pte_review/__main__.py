# SPDX-License-Identifier: GPL-2.0-only
"""`python -m pte_review` is the command `pte-review`."""

from pte_review.harness.cli import main

if __name__ == "__main__":
    main()
