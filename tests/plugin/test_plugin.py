# SPDX-License-Identifier: GPL-2.0-only
"""The plugin's options and record_verdict, in an empty folder that knows the plugin by its entry point only."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pte_review.models.move_ptes import pre_patch, v4
from tests.kit.saved import data

pytest_plugins = "pytester"
FEW = ("--review-max-examples=60", "-p", "no:cacheprovider")


@pytest.fixture
def port(pytester: pytest.Pytester) -> str:
    """port.py in the empty folder: v4."""
    (pytester.path / "port.py").write_text(Path(v4.__file__).read_text())
    return "port.py"


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*arguments, *FEW)


def test_a_candidate_that_does_not_differ(pytester: pytest.Pytester, port: str):
    result = run(pytester, "--review-base", "refactor_intended", "--review-candidate", port, "-v")
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*review[[]port.py-x86_64[]] PASSED*", "*review[[]port.py-arm64[]] PASSED*"])
    result.stdout.fnmatch_lines(["*verdicts of pte-review*", "*refactor_intended -> port.py*no difference found*"])


def test_a_candidate_that_diverges_shows_its_picture(pytester: pytest.Pytester, port: str):
    result = run(pytester, "--review-candidate", port)
    result.assert_outcomes(failed=2)
    assert result.ret == 1
    out = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "pre_patch -> port.py: DIVERGES",
            "write-gained (critical)",
            "port.py makes new[[]1[]] writable; the page was mapped read-only before the*",
            "  old[[]0[]]   pfn=0x100 W          none                  none",
            "> new[[]1[]]   none                 pfn=0x101             pfn=0x101 W",
            "by:    set_ptes(new[[]0[]], pfn=0x100 W, nr=2)",
        ]
    )
    assert "Traceback" not in out
    assert "pytest_plugin.py" not in out
    assert "DivergesError" not in out
    matrix = out.partition("verdicts of pte-review")[2].partition("short test summary")[0]
    assert matrix.count("write-gained") == 1  # both architectures in one row


def test_options(pytester: pytest.Pytester, port: str):
    result = run(
        pytester,
        "--review-candidate",
        port,
        "--review-base=v4",
        "--review-arch=arm64",
        "--review-seed=3",
        "--review-contract=exact",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*v4 -> port.py*"])
    assert "x86_64" not in result.stdout.str()


def test_hostile(pytester: pytest.Pytester):
    arguments = ("--review-base=v4", "--review-candidate=refactor_intended", "--review-hostile=destination-occupied")
    result = run(pytester, *arguments)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["destination-kept (medium)", "*hostile: destination-occupied*"])


def test_several_workers(pytester: pytest.Pytester, port: str):
    result = pytester.runpytest_subprocess("--review-candidate", port, "-n", "2", "--review-max-examples=30")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["write-gained (critical)", "*verdicts of pte-review*", "*pre_patch -> port.py*"])


def test_nothing_else_runs_beside_a_review(pytester: pytest.Pytester, port: str):
    pytester.makepyfile(test_other="def test_other():\n    raise SystemExit('not asked for')\n")
    run(pytester, "--review-candidate", port, "--review-base=v4").assert_outcomes(passed=2)


# -- --review-replay


@pytest.fixture
def saved(pytester: pytest.Pytester) -> str:
    (pytester.path / "a.json").write_text(json.dumps(data()))
    return "a.json"


def test_replay(pytester: pytest.Pytester, saved: str):
    result = run(pytester, "--review-replay", saved)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["a.json: still diverges", "*v4 makes new[[]1[]] writable*"])
    assert "Traceback" not in result.stdout.str()


def test_replay_on_another_base(pytester: pytest.Pytester, saved: str):
    """Against itself, what it names as candidate has nothing to diverge from."""
    named = json.loads((pytester.path / saved).read_text())["candidate"]
    run(pytester, "--review-replay", saved).assert_outcomes(failed=1)
    run(pytester, "--review-replay", saved, "--review-base", named).assert_outcomes(passed=1)


def test_replay_of_what_is_fixed(pytester: pytest.Pytester, saved: str):
    (pytester.path / "fixed.py").write_text(Path(pre_patch.__file__).read_text())
    (pytester.path / "a.json").write_text(json.dumps({**data(), "candidate": "fixed.py"}))
    result = run(pytester, "--review-replay", saved, "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*replay[[]a.json[]] PASSED*"])


def test_a_fix_passes(pytester: pytest.Pytester):
    result = run(pytester, "--review-base=v4", "--review-candidate=v4_fixed", "--review-max-examples=60")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*verdicts of pte-review*", "*v4 -> v4_fixed*FIXES write-gained,*"])


def test_a_fix_that_adds_something_fails(pytester: pytest.Pytester):
    pair = ("--review-base=v2_stale_nr", "--review-candidate=v4", "--review-arch=x86_64")
    result = pytester.runpytest_subprocess(*pair, "--review-max-examples=400", "-p", "no:cacheprovider", "-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["v2_stale_nr -> v4: diverges: write-*; also fixes: entry-lost, *"])


def test_replay_of_what_only_base_shows(pytester: pytest.Pytester, saved: str):
    run(
        pytester, "--review-replay", saved, "--review-base=v4", "--review-candidate=pre_patch", "-k", "replay"
    ).assert_outcomes(passed=1)


def test_a_candidate_and_its_counterexamples(pytester: pytest.Pytester, saved: str):
    """--review-replay runs them on --review-candidate."""
    result = run(pytester, "--review-candidate=pre_patch", "--review-replay", saved, "--review-replay", saved)
    result.assert_outcomes(passed=4)


# -- what is wrong


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--review-candidate=nope"], "no version 'nope'"),
        (["--review-candidate=none.py"], "none.py: cannot be read: No such file or directory"),
        (
            ["--review-candidate=v4", "--review-base=prepatch"],
            "no version 'prepatch' of move_ptes(): did you mean pre_patch?",
        ),
        (["--review-candidate=v4", "--review-arch=arm"], "no architecture 'arm': did you mean arm64?"),
        (["--review-candidate=v4", "--review-contract=exakt"], "no contract 'exakt': did you mean exact?"),
        (
            ["--review-candidate=v4", "--review-hostile=overlapp"],
            "no hostile rule of move_ptes() 'overlapp': did you mean overlap?",
        ),
        (["--review-candidate=v4", "--review-max-examples=0"], "examples: expected 1 to 100,000,000, got 0"),
        (["--review-candidate="], "--review-candidate: expected a value, got ''"),
        (["--review-candidate=v4", "--review-base="], "--review-base: expected a value, got ''"),
        (["--review-tree="], "--review-tree: expected a value, got ''"),
        (["--review-candidate=v4", "--review-replay="], "--review-replay: expected a value, got ''"),
        (["--review-replay=none.json"], "none.json: cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_call(pytester: pytest.Pytester, arguments: list[str], says: str):
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR == 4
    text = result.stderr.str() + result.stdout.str()
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("ERROR: pte-review: ")
    assert says in lines[0]


# -- without it


def test_an_ordinary_run_is_unaffected(pytester: pytest.Pytester):
    pytester.makepyfile("def test_one():\n    pass\n\ndef test_two():\n    assert 1 + 1 == 3\n")
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    assert "verdicts of" not in result.stdout.str()


def test_an_ordinary_run_does_not_even_load_the_rest(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import sys

        def test_one():
            late = ("pte_review.models", "pte_review.strategies", "pte_review.harness.review")
            assert not [name for name in sys.modules if name.startswith(late)]
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_record_verdict(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import pytest
        from pte_review.harness import check

        @pytest.mark.parametrize("arch", ["x86_64", "arm64"])
        def test_pair(arch, record_verdict):
            verdict = record_verdict(check("v4", "refactor_keep_old", arch=arch, max_examples=60))
            assert verdict.kinds == ("entry-duplicated",)
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*verdicts of pte-review*", "*v4 -> refactor_keep_old*entry-duplicated*"])


def test_help_names_the_options(pytester: pytest.Pytester):
    out = pytester.runpytest_subprocess("--help").stdout.str()
    for option in (
        "--review-base",
        "--review-candidate",
        "--review-arch",
        "--review-contract",
        "--review-hostile",
        "--review-max-examples",
        "--review-replay",
    ):
        assert f"  {option}" in out


def test_a_mistake_of_ours_is_no_verdict(pytester: pytest.Pytester):
    """Exit status 70, as on the command line, where 1 would say that the candidate diverges."""
    pytester.makeconftest(
        "from pte_review.harness import pytest_review\n"
        "def broken(*_, **__):\n    raise KeyError('x')\n"
        "pytest_review.review = broken\n"
    )
    result = pytester.runpytest_subprocess("--review-candidate=v4", "--review-arch=x86_64")
    assert result.ret == 70
    (line,) = [line for line in result.outlines if "a mistake of pte-review itself" in line]
    assert "KeyError: 'x'" in line


def test_junit_has_the_kinds(pytester: pytest.Pytester):
    options = ("--review-base=pre_patch", "--review-candidate=v4", "--review-arch=x86_64", "--review-max-examples=40")
    pytester.runpytest_inprocess(*options, "--junitxml=out.xml", "-p", "no:cacheprovider")
    root = ElementTree.parse(pytester.path / "out.xml").getroot()
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert properties["pte-review.verdict"] == "diverges"
    assert properties["pte-review.kinds"] == "write-gained page-table-check write-lost"
