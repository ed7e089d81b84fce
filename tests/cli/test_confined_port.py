# SPDX-License-Identifier: GPL-2.0-only
"""What the command line says of a candidate that does more than move entries."""

from collections.abc import Callable
from pathlib import Path

from pte_review.models.move_ptes import v4
from tests.cli.conftest import Run


def test_the_gate_says_what_it_should(cli: Run, port: Callable[[str], str]):
    """A port that ends the process with status 0 was taken for one that does no harm."""
    port("import os; os._exit(0)")
    done = cli("check", "pre_patch", "port.py", "--max-examples", "20", "--arch", "x86_64")
    assert (done.status, done.err) == (1, "")
    assert "crash (high)" in done.out


def test_what_it_prints_is_kept(cli: Run, port: Callable[[str], str]):
    port("print('hello')\n" + Path(v4.__file__).read_text())
    done = cli("check", "v4", "port.py", "--max-examples", "5")
    assert (done.status, done.err) == (0, "")
    assert "port.py printed 5 characters: 'hello'" in done.out
