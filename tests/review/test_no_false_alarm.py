# SPDX-License-Identifier: GPL-2.0-only
"""No version differs from itself, pre_patch breaks no rule: the soak in short; and the soak's own bookkeeping."""

import json
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.judging.expected import Expected
from harness.judging.rules import findings
from harness.review import review
from models.run import run
from models.variants import HOME, load, names
from tests import soak
from tests.models.build import ARCHES
from tests.strategies.draws import drawn

EXAMPLES = 300


@pytest.mark.parametrize("arch", ARCHES)
def test_no_version_differs_from_itself(arch):
    assert soak.false_alarms(arch, EXAMPLES, seed=0) == (EXAMPLES, [])


@pytest.mark.parametrize("arch", ARCHES)
def test_pre_patch_breaks_no_rule(arch):
    pre_patch = load("pre_patch")
    for scenario in drawn(arch)[:EXAMPLES]:
        assert findings(Expected(scenario), run(scenario, pre_patch)) == []


def test_every_variant_is_soaked_as_two_copies(monkeypatch):
    asked = []

    def note(pairs, **options):
        asked.append((pairs, options.get("contract")))
        return review(pairs, **options)

    monkeypatch.setattr(soak, "review", note)
    soak.false_alarms("x86_64", 5, seed=0)
    assert asked == [
        ([(name, Path(load(name).filename)) for name in names()], None),
        ([("pre_patch", HOME / "pre_patch.py")], "exact"),
    ]


def test_an_alarm_is_a_picture():
    (verdict,) = review([("pre_patch", "v4")], arch="x86_64", max_examples=60)
    alarms = soak._alarms(verdict)
    assert len(alarms) == len(verdict.divergences) > 0
    assert "write-gained" in alarms[0]
    assert alarms[0].endswith("x86_64, contract folio-ad, seed 0")


def test_a_rule_that_both_copies_of_pre_patch_break_is_an_alarm(monkeypatch):
    (verdict,) = review([("v4", HOME / "v4.py")], arch="x86_64", max_examples=60)
    assert verdict.divergences == ()
    assert dict(verdict.shared)["write-gained"] > 0
    assert soak._alarms(verdict) == []
    object.__setattr__(verdict, "base", "pre_patch")
    assert any("pre_patch breaks a rule: write-gained" in alarm for alarm in soak._alarms(verdict))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "soak.json"


@pytest.fixture
def asked(monkeypatch):
    """What false_alarms() was asked for, which answers nothing found."""
    calls = []

    def nothing(arch, examples, seed, reporter=None):
        calls.append((arch, examples, seed))
        return examples, []

    monkeypatch.setattr(soak, "false_alarms", nothing)
    return calls


def command(path, *more):
    return soak.main(["--state", str(path), *more])


def test_chunks_have_seeds_of_their_own(path, asked, capsys):
    assert command(path, "--examples", "250", "--chunk", "100") == 0
    assert sorted(asked) == sorted((arch, n, s) for arch in ARCHES for s, n in ((0, 100), (100, 100), (200, 50)))
    assert capsys.readouterr().out == "500 scenarios, 0 divergences\n"


def test_goes_on_where_it_was(path, asked):
    command(path, "--examples", "100", "--chunk", "100")
    del asked[:]
    command(path, "--examples", "150", "--chunk", "100")
    assert asked == [(arch, 50, 100) for arch in ARCHES]
    command(path, "--examples", "150")
    assert len(asked) == 2
    command(path, "--examples", "10", "--restart")
    assert asked[2:] == [(arch, 10, 0) for arch in ARCHES]


def test_an_interruption_loses_one_chunk(path, monkeypatch, capsys):
    def interrupted(arch, examples, seed, reporter=None):
        if seed == 20:
            raise KeyboardInterrupt
        return examples, []

    monkeypatch.setattr(soak, "false_alarms", interrupted)
    assert command(path, "--examples", "100", "--chunk", "10") == 130
    assert json.loads(path.read_text())["done"] == {"x86_64": 20, "arm64": 20}
    assert "goes on from" in capsys.readouterr().err
    assert [file.name for file in path.parent.iterdir()] == ["soak.json"]


def test_alarms_are_kept_and_told(path, monkeypatch, capsys):
    monkeypatch.setattr(soak, "false_alarms", lambda arch, n, seed, reporter=None: (n, [f"picture of {arch}"]))
    assert command(path, "--examples", "10") == 1
    assert capsys.readouterr().out == "picture of x86_64\n\npicture of arm64\n\n20 scenarios, 2 divergences\n"
    assert command(path, "--examples", "10") == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 2}', '{"done": {"x86_64": 1}}', '{"done": {"x86_64": "1", "arm64": 1}}']
)
def test_progress_that_cannot_be_resumed(path, asked, text, capsys):
    path.parent.mkdir()
    path.write_text(text)
    broken = text != "{}"
    assert command(path, "--examples", "1") == (2 if broken else 0)
    if broken:
        assert capsys.readouterr().err.endswith("no progress of a soak that can be resumed; --restart begins anew\n")
        assert path.read_text() == text


def test_other_variants_begin_anew(path, asked):
    path.parent.mkdir()
    path.write_text(json.dumps({"variants": ["pre_patch"]}))
    with pytest.raises(UsageError, match="begun with the variants pre_patch; --restart begins anew"):
        soak.load_state(path)


@pytest.mark.parametrize("arguments", [["--examples", "0"], ["--chunk", "-1"], ["--examples", "1" + "0" * 12]])
def test_absurd_numbers(path, asked, arguments, capsys):
    assert command(path, *arguments) == 2
    assert "expected 1 to" in capsys.readouterr().err
    assert not path.exists()
