# SPDX-License-Identifier: GPL-2.0-only
"""What a command brings in before it says anything: nothing that it does not need."""

import subprocess
import sys

import pytest

# Packages that one part of the work needs.
LATE = {"hypothesis", "deepdiff", "jinja2", "distributed", "unidiff", "tree_sitter"}
EQUAL = ("check", "v4", "v4", "--max-examples", "1")  # versions that do not differ: nothing is to be shown
PROGRAM = """
import sys
from pte_review.__main__ import main
try:
    main()
finally:
    print("", *sys.modules, sep="\\n")
"""


def modules_after(*arguments: str) -> set[str]:
    """What is imported when the command ends."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("arguments", [("list",), ("--help",), EQUAL], ids=lambda arguments: arguments[0])
def test_what_is_not_needed_is_not_imported(arguments: tuple[str, ...]):
    modules = modules_after(*arguments)
    assert "pte_review.harness.cli.main" in modules
    assert not modules & LATE


def test_a_command_does_not_import_the_others():
    modules = modules_after("list")
    assert "pte_review.harness.cli.listing" in modules
    assert not {f"pte_review.harness.cli.{name}" for name in ("exhaust", "boot", "record", "reproduce")} & modules
