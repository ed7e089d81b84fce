# SPDX-License-Identifier: GPL-2.0-only
"""`pte-review cost` as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.kit.golden import assert_golden


def test_one_workload(cli: Run) -> None:
    done = cli("cost", "pre_patch", "v4", "--arch", "arm64", "--workload", "block")
    assert done.status == 0
    assert_golden("cost-block", done.out)
    assert all(len(line) <= 75 for line in done.out.splitlines())


def test_list_of_workloads_and_counts(cli: Run) -> None:
    assert_golden("cost-list", cli("cost", "--list").out)


def test_the_same_bytes_twice(cli: Run, folder: Path) -> None:
    for name in ("a.json", "b.json"):
        assert cli("cost", "pre_patch", "v4", "--json", name).status == 0
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    one = json.loads((folder / "a.json").read_text())["workloads"][0]
    assert set(one) == {"arch", "workload", "size", "ledgers"}


def test_what_regressed_is_named(cli: Run) -> None:
    done = cli("cost", "pre_patch", "v4", "--arch", "x86_64", "--workload", "order-0", "--size", "512")
    assert "folio-lookups 0 -> 1 per entry on order-0 pages, with no entry batched" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("pre_patch", "v4"), 1),  # folio look-ups
        (("pre_patch", "v4_fixed", "--arch", "x86_64"), 0),
        (("pre_patch", "v4", "--count", "tlb-flushes"), 0),
        (("v4", "v4", "--share", "1"), 2),
        (("v4_fixed", "pre_patch", "--arch", "arm64", "--count", "raw-reads", "--share", "0.5"), 1),
        (("v4_fixed", "pre_patch", "--arch", "arm64", "--count", "raw-reads", "--share", "10"), 0),
    ],
)
def test_fail_on_regression(cli: Run, arguments: tuple[str, ...], status: int) -> None:
    done = cli("cost", *arguments, "--fail-on-regression")
    assert done.status == status
    assert ("REGRESSION: " in done.out) == (status == 1)


def test_baseline(cli: Run, folder: Path) -> None:
    assert cli("cost", "pre_patch", "v4", "--json", "old.json").status == 0
    done = cli("cost", "v4", "--baseline", "old.json", "--fail-on-regression", "--count", "folio-lookups")
    assert done.status == 1
    assert "baseline pre_patch" in done.out
    assert cli("cost", "pre_patch", "--baseline", "old.json", "--fail-on-regression").status == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--workload", "blok"), "no workload 'blok': did you mean block"),
        (("pre_patch", "v5"), "no version 'v5'"),
        (("pre_patch",), "cost: expected BASE and at least one CANDIDATE"),
        (("pre_patch", "v4", "--size", "0"), "size: expected 1 to 512 entries, got 0"),
        (("pre_patch", "v4", "--size", "513"), "size: expected 1 to 512 entries, got 513"),
        (("pre_patch", "v4", "--fail-on-regression", "--count", "reads"), "no count 'reads'"),
        (("pre_patch", "v4", "--share", "-1"), "--share: expected a number, 0 or more, got -1.0"),
        (("pre_patch", "v4", "--arch", "s390"), "no architecture 's390'"),
        (("v4", "--baseline", "absent.json"), "absent.json: cannot be read"),
        (("v4", "--baseline", "other.json"), "other.json: expected version 2, got 7"),
        (("v4", "--baseline", "empty.json"), "empty.json: expected what `pte-review cost --json` writes"),
        (("v4", "--baseline", "few.json"), "few.json: has no figures for block, 16 entries, x86_64"),
        (("v4", "--baseline", "broken.json"), "broken.json: not a whole JSON file"),
    ],
)
def test_bad_input(cli: Run, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    (folder / "other.json").write_text('{"version": 7, "workloads": []}')
    (folder / "few.json").write_text(
        '{"version": 2, "subject": "move_ptes", "base": "pre_patch", "counts": {}, "workloads": []}'
    )
    (folder / "empty.json").write_text("[]")
    (folder / "broken.json").write_text('{"version": 1, ')
    done = cli("cost", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"pte-review: {says}")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", ["port.py", "old.json", "absent/x.json"])
def test_json_spoils_nothing(cli: Run, folder: Path, name: str) -> None:
    from pte_review.models.move_ptes import v4

    (folder / "port.py").write_text(Path(v4.__file__).read_text())
    assert cli("cost", "pre_patch", "v4", "--json", "old.json").status == 0
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = cli("cost", "port.py", "--baseline", "old.json", "--json", name)
    assert (done.status, done.out) == (2, "")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
