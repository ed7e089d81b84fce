# SPDX-License-Identifier: GPL-2.0-only
"""`check --ktap`: nothing but KTAP on standard output, the same exit status."""

from pathlib import Path

import pytest

from pte_review.harness.judging.kinds import SEVERITY
from tests.cli.conftest import Run

FEW = ("--arch", "x86_64", "--max-examples", "40")


def test_it_is_all_that_is_printed(cli: Run):
    done = cli("check", "pre_patch", "v4", *FEW, "--ktap", "--save", "found", "--json", "v.json")
    assert done.status == 1
    assert {line.split()[0] for line in done.out.splitlines()} <= {
        "KTAP",
        "1..1",
        f"1..{len(SEVERITY)}",
        "#",
        "ok",
        "not",
    }
    assert done.out.startswith("KTAP version 1\n1..1\n")
    assert done.out.endswith("\nnot ok 1 move_ptes.x86_64\n")
    assert "  not ok 1 write-gained\n" in done.out
    assert done.err.startswith("saved found/")
    assert Path("v.json").exists()


@pytest.mark.parametrize(("pair", "status"), [(("v4_fixed", "v4_fixed"), 0), (("v4", "v4_fixed"), 0)])
def test_nothing_new(cli: Run, pair: tuple[str, str], status: int):
    done = cli("check", *pair, *FEW, "--ktap")
    assert (done.status, done.err) == (status, "")
    assert "not ok" not in done.out
    assert done.out.endswith("\nok 1 move_ptes.x86_64\n")
