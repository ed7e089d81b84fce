# SPDX-License-Identifier: GPL-2.0-only
"""A second function goes through everything, and no line of the kit is changed for it."""

import json
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.harness.reports.report import pictures
from pte_review.harness.verdict import NO_DIFFERENCE
from tests.cli.conftest import Run
from tests.kit.trees import ROOT
from tests.toy.subject import WRPROTECT

FEW = ("--max-examples", "200")
VALUES = 5  # of each entry in the space
WRITABLE = 2  # of them


# -- check, minimise, picture


def test_the_right_version():
    verdict = check("each_entry", "each_entry", max_examples=200)
    assert (verdict.subject, verdict.verdict, verdict.divergences, verdict.shared) == (
        "wrprotect_range", NO_DIFFERENCE, (), (),
    )  # fmt: skip


def test_a_version_that_ends_early():
    verdict = check("each_entry", "ends_early", max_examples=200)
    assert set(verdict.kinds) == {"write-gained"}
    for divergence in verdict.divergences:
        scenario = divergence.scenario
        ((index, pte),) = scenario.tables[0].entries
        assert (index, scenario.nr, scenario.ranges[0].first) == (0, 1, 0)  # the smallest: one writable page
        assert scenario.words.pte_write(pte)
        assert (divergence.at.table, divergence.at.entry, divergence.at.addr) == ("area", 0, 0x4000_0000)


def test_a_version_that_forgets_dirty():
    verdict = check("each_entry", "forgets_dirty", max_examples=200)
    assert set(verdict.kinds) == {"dirty-lost"}
    assert {len(divergence.scenario.tables[0].entries) for divergence in verdict.divergences} == {1}
    assert check("forgets_dirty", "each_entry", max_examples=200).verdict == "fixes"


def test_the_picture():
    (picture, *_) = pictures(check("each_entry", "ends_early", arch="x86_64", max_examples=200), WRPROTECT.words)
    assert (
        picture
        == """\
write-gained (critical)
each_entry -> ends_early, x86_64, scenario 1

ends_early leaves area[0] writable, which should be read-only.

protect 1 pages from 0x40000000
folio: pfn 0x100 order 0 (4K) anon, AnonExclusive all

           before               each_entry            ends_early
> area[0]  pfn=0x100 W          pfn=0x100             pfn=0x100 W

bits:  area[0].write False -> True
by:    area[0] is never written
reach: by system calls in one VMA: map, touch, protect; not tried on a
       kernel
"""
    )


def test_hostile_tables():
    verdict = check("each_entry", "each_entry", hostile="bad-pfn", max_examples=50)
    assert verdict.verdict == NO_DIFFERENCE


# -- the command line


def test_save_and_replay(cli: Run):
    done = cli("check", "each_entry", "forgets_dirty", *FEW, "--save", "saved")
    assert (done.status, done.err) == (1, "")
    assert "each_entry -> forgets_dirty: DIVERGES" in done.out
    for path in sorted(Path("saved").iterdir()):
        assert json.loads(path.read_text())["subject"] == "wrprotect_range"
        again = cli("replay", str(path))
        assert (again.status, "STILL DIVERGES" in again.out) == (1, True)
        fixed = cli("replay", str(path), "--candidate", "each_entry")
        assert (fixed.status, "FIXED" in fixed.out) == (0, True)


def test_a_port_of_ones_own(cli: Run):
    wrong = (WRPROTECT.function.folder / "ends_early.py").read_text()
    Path("port.py").write_text(wrong)
    assert cli("check", "each_entry", "port.py", *FEW).status == 1
    assert cli("check", "port.py", "each_entry", *FEW).status == 0  # it fixes


def test_list(cli: Run):
    out = cli("list").out
    assert "versions of move_ptes():" in out
    assert "versions of wrprotect_range():" in out
    assert "ends_early" in out
    assert "v4" not in cli("list", "--subject", "wrprotect_range").out.split("architectures:")[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "each_entry", "v4"), "'v4' is a version of move_ptes(), 'each_entry' one of wrprotect_range()"),
        (("check", "each_entry", "ends_earl"), "no version 'ends_earl' of wrprotect_range(): did you mean ends_early"),
        (("check", "v4", "v4", "--subject", "wrprotect_rang"), "no subject 'wrprotect_rang': did you mean wrprotect_"),
        (("check", "v4", "v4", "--subject", "wrprotect_range"), "no version 'v4' of wrprotect_range()"),
        (
            ("check", "each_entry", "ends_early", "--hostile", "overlap"),
            "no hostile rule of wrprotect_range() 'overlap'",
        ),
    ],
)
def test_bad_input(cli: Run, arguments: tuple[str, ...], says: str):
    done = cli(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"pte-review: {says}")
    assert len(done.err.splitlines()) == 1


# -- exhaust


@pytest.mark.parametrize("entries", [1, 2, 3])
def test_every_table(cli: Run, entries: int):
    tables = VALUES**entries
    done = cli("exhaust", "each_entry", "each_entry", "--entries", str(entries), "--arch", "x86_64", "--jobs", "1")
    assert (done.status, done.err) == (0, "")
    assert f"equivalent: each_entry and each_entry on {tables:,} tables" in done.out
    arguments = ("--entries", str(entries), "--jobs", "1", "--json", "v.json")
    assert cli("exhaust", "each_entry", "ends_early", *arguments).status == 1
    data = json.loads(Path("v.json").read_text())
    # What the last entry holds decides, on each of the two architectures.
    assert (data["tables"], data["counts"]["diverging"]) == (2 * tables, 2 * WRITABLE * VALUES ** (entries - 1))
    assert {divergence["kind"] for divergence in data["divergences"]} == {"write-gained"}


# -- pytest

CONFTEST = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pte_review.harness.subjects import SUBJECTS
from tests.toy.subject import WRPROTECT
SUBJECTS[WRPROTECT.name] = WRPROTECT
"""
pytest_plugins = "pytester"


@pytest.mark.parametrize(
    ("candidate", "outcome", "line"),
    [
        ("each_entry", {"passed": 2}, "*each_entry -> each_entry*no difference found*"),
        ("ends_early", {"failed": 2}, "*each_entry -> ends_early*write-gained*"),
    ],
)
def test_the_plugin(pytester: pytest.Pytester, candidate: str, outcome: dict[str, int], line: str):
    pytester.makepyfile(toy_is_known=CONFTEST)
    result = pytester.runpytest_subprocess(
        "-p", "toy_is_known", "-p", "no:cacheprovider", "--review-base=each_entry",
        f"--review-candidate={candidate}", "--review-max-examples=60",
    )  # fmt: skip
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines([line])


def test_the_plugin_replays_files_of_two_functions(pytester: pytest.Pytester, cli: Run):
    """Each file is run with its own function's versions, whichever file comes first."""
    for base, candidate in (("each_entry", "ends_early"), ("pre_patch", "v4")):
        assert cli("check", base, candidate, "--arch", "x86_64", *FEW, "--save", "saved").status == 1
    files = [next(Path("saved").glob(f"{base}-*write-gained*")).resolve() for base in ("each_entry", "pre_patch")]
    pytester.makepyfile(toy_is_known=CONFTEST)
    for order in (files, files[::-1]):
        replays = (f"--review-replay={path}" for path in order)
        result = pytester.runpytest_subprocess("-p", "toy_is_known", "-p", "no:cacheprovider", *replays)
        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines([f"*{path.name}: still diverges*" for path in order])
