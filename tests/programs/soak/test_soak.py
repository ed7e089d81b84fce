# SPDX-License-Identifier: GPL-2.0-only
"""The soak's bookkeeping: which chunks are run, what an interruption leaves, what cannot be resumed."""

import json
from dataclasses import replace

import pytest

from pte_review.models.arch import ARCHES
from pte_review.models.vma import Vma
from pte_review.strategies.drawn import scenario_of
from tests.kit.build import page
from tests.programs.soak import __main__ as soak
from tests.programs.soak import chunk as chunks
from tests.programs.soak.chunk import Chunk, Result, plan
from tests.programs.soak.state import sources
from tests.programs.studied import STUDIES
from tests.subjects.change_pte_range.calls import anon, call

NOTHING = Result(100, 30, {"pre_patch -> itself, folio-ad": 100})
FIRST, SECOND = "move_ptes", "change_pte_range"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "soak.json"


@pytest.fixture
def asked(monkeypatch):
    """The chunks that were run, each with nothing found."""
    calls = []

    def nothing(todo, jobs):
        for chunk in todo:
            calls.append(chunk)
            yield chunk, NOTHING

    monkeypatch.setattr(soak, "results", nothing)
    return calls


def command(path, *more, subject=FIRST):
    return soak.main(["--state", str(path), "--subject", subject, *more])


def test_chunks_of_both_architectures_in_turn(path, asked, capsys):
    assert command(path, "--examples", "2400") == 0
    assert asked == [Chunk(FIRST, arch, number, 1000) for number in range(3) for arch in ARCHES]
    out = capsys.readouterr().out
    assert out.startswith("move_ptes(): 600 legal scenarios (x86_64 300, arm64 300)\nothers act in 180; 0 minutes; ")
    assert f"  {'pre_patch -> itself, folio-ad':<60}       600\n" in out
    assert "alarms: 0\n" in out
    assert out.endswith(f"sources {sources()}\n")


def test_all_subjects_or_one(path, asked, capsys):
    assert soak.main(["--state", str(path), "--examples", "1000"]) == 0
    assert [chunk.subject for chunk in asked] == [FIRST, FIRST, SECOND, SECOND]
    assert "change_pte_range(): 200 legal scenarios" in capsys.readouterr().out
    command(path, "--examples", "2000", subject=SECOND)
    assert asked[4:] == [Chunk(SECOND, arch, 1, 1000) for arch in ARCHES]
    assert "move_ptes" not in capsys.readouterr().out


def test_goes_on_where_it_was(path, asked):
    command(path, "--examples", "1000")
    del asked[:]
    command(path, "--examples", "2000")
    assert asked == [Chunk(FIRST, arch, 1, 1000) for arch in ARCHES]
    command(path, "--examples", "2000")
    assert len(asked) == 2
    command(path, "--examples", "1000", "--restart")
    assert asked[2:] == [Chunk(FIRST, arch, 0, 1000) for arch in ARCHES]


def test_an_interruption_keeps_what_was_found(path, monkeypatch, capsys):
    def interrupted(todo, jobs):
        yield next(todo), Result(500, 0, {}, ["a picture"], {"a bug": 3})
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "results", interrupted)
    assert command(path, "--examples", "5000") == 130
    assert "goes on from" in capsys.readouterr().err
    kept = json.loads(path.read_text())["subjects"][FIRST]
    assert (kept["done"], kept["alarms"]) == ({"x86_64": [0], "arm64": []}, ["a picture"])
    assert kept["known"] == {"a bug": 3}
    assert [file.name for file in path.parent.iterdir()] == ["soak.json"]


def test_alarms_are_told_again(path, asked, monkeypatch, capsys):
    monkeypatch.setattr(soak, "results", lambda todo, jobs: ((c, Result(1, 0, {}, [f"on {c.arch}"])) for c in todo))
    assert command(path, "--examples", "1") == 1
    told = capsys.readouterr().out
    assert told.startswith("on x86_64\non arm64\nmove_ptes(): 2 legal scenarios ")
    assert "alarms: 2\n" in told
    assert command(path, "--examples", "1") == 1


def test_processes_do_the_work(path, capsys):
    """Two chunks for real, in a process each."""
    found = list(soak.results(iter([Chunk(FIRST, "arm64", 3, 20), Chunk(SECOND, "x86_64", 3, 20)]), 2))
    assert sorted((chunk.arch, result.examples) for chunk, result in found) == [("arm64", 20), ("x86_64", 20)]
    assert all("exact" in name for _, result in found for name in result.ran)
    assert all(result.alarms == [] for _, result in found)


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_every_version_has_its_turn_under_both_contracts(study):
    plans = [plan(study, number) for number in range(4 * len(study.versions()))]
    for contract in ("folio-ad", "exact"):
        pairs = [pair for name, of in plans for pair in of if name == contract]
        assert {(version, version) for version in study.versions()} <= set(pairs)
    base, *right = study.right
    assert all({(base, version) for version in right} <= set(of) for name, of in plans if name == "folio-ad")
    assert all(set(study.exact) <= set(of) for name, of in plans if name == "exact")


# -- what is known is counted, what is not is an alarm


def on_shadow_stacks(recipe, arch, data, hostile=None):
    """scenario_of() with a large folio on a shadow stack, writable and read-only entries beside each other."""
    drawn = scenario_of(recipe, arch, data, hostile)
    folio = anon(0x200, 2, exclusive=[(0, 1)], nid=1)
    entries = {0: page(arch, 0x200) | 1 << 6, 1: page(arch, 0x201)}
    vma = Vma(shadow_stack=True)
    return call(arch, entries, [folio], vma=vma, shstk=True, caller="numa") if data[-1] % 2 else drawn


def alarms_of_a_pair(monkeypatch, base, candidate, examples=40):
    """A chunk of one pair of the second subject."""
    monkeypatch.setattr(chunks, "plan", lambda study, number: ("folio-ad", [(base, candidate)]))
    return chunks.run(Chunk(SECOND, "x86_64", 0, examples))


def test_a_known_finding_is_counted(monkeypatch):
    monkeypatch.setattr("pte_review.harness.search.aim.scenario_of", on_shadow_stacks)
    result = alarms_of_a_pair(monkeypatch, "mprotect/before_batching", "mprotect/batching")
    assert result.alarms == []
    (count,) = result.known.values()
    assert count > 0


def test_a_finding_that_both_show_is_counted(monkeypatch):
    monkeypatch.setattr("pte_review.harness.search.aim.scenario_of", on_shadow_stacks)
    result = alarms_of_a_pair(monkeypatch, "mprotect/batching", "mprotect/batching")
    assert result.alarms == []
    assert sum(result.known.values()) > 0


def test_without_being_known_it_is_an_alarm(monkeypatch):
    monkeypatch.setattr("pte_review.harness.search.aim.scenario_of", on_shadow_stacks)
    study = STUDIES[SECOND]
    monkeypatch.setitem(STUDIES, SECOND, replace(study, subject=replace(study.subject, known=())))
    result = alarms_of_a_pair(monkeypatch, "mprotect/before_batching", "mprotect/batching")
    assert "write-gained (critical)" in result.alarms[0]
    assert result.known == {}


def test_a_rule_that_both_copies_of_a_right_version_break_is_an_alarm(monkeypatch):
    monkeypatch.setattr("pte_review.harness.search.aim.scenario_of", on_shadow_stacks)
    study = STUDIES[SECOND]
    monkeypatch.setitem(STUDIES, SECOND, replace(study, subject=replace(study.subject, known=())))
    result = alarms_of_a_pair(monkeypatch, "mprotect/batching", "mprotect/batching")
    assert any(alarm.startswith("a rule is broken: write-gained, ") for alarm in result.alarms)
    assert all(alarm.endswith("x86_64, contract folio-ad, seed 0)") for alarm in result.alarms)


def test_another_bug_is_an_alarm_beside_it(monkeypatch):
    """The head page's bug shows on memory that is no shadow stack, in a version that is known for shadow stacks."""
    result = alarms_of_a_pair(monkeypatch, "mprotect/before_batching", "mprotect/as_merged", 60)
    assert "write-gained (critical)" in result.alarms[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"done": {"x86_64": 1}}', '{"what": 1}'])
def test_progress_that_cannot_be_resumed(path, asked, text, capsys):
    path.parent.mkdir()
    path.write_text(text)
    assert command(path, "--examples", "1") == 2
    assert capsys.readouterr().err.endswith("no progress of a soak that can be resumed; --restart begins anew\n")
    assert path.read_text() == text


def test_other_sources_begin_anew(path, asked, capsys):
    path.parent.mkdir()
    path.write_text(json.dumps({"sources": "of yesterday"}))
    assert command(path, "--examples", "1") == 2
    assert capsys.readouterr().err.endswith("begun with other sources, 0 scenarios; --restart begins anew\n")


@pytest.mark.parametrize("arguments", [["--examples", "0"], ["--jobs", "-1"], ["--examples", "1" + "0" * 12]])
def test_absurd_numbers(path, asked, arguments, capsys):
    assert command(path, *arguments) == 2
    assert "expected 1 to" in capsys.readouterr().err
    assert not path.exists()
