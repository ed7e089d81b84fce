# SPDX-License-Identifier: GPL-2.0-only
"""The soak's bookkeeping: which chunks are run, what an interruption leaves, what cannot be resumed."""

import json

import pytest

from pte_review.models.arch import ARCHES
from tests.kit.resumable import digest
from tests.programs.soak import __main__ as soak
from tests.programs.soak.chunk import Chunk, Result

NOTHING = Result(100, 30, {"pre_patch -> itself, folio-ad": 100}, [])


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


def command(path, *more):
    return soak.main(["--state", str(path), *more])


def test_chunks_of_both_architectures_in_turn(path, asked, capsys):
    assert command(path, "--examples", "2400") == 0
    assert asked == [Chunk(arch, number, 1000) for number in range(3) for arch in ARCHES]
    out = capsys.readouterr().out
    assert out.startswith(f"600 scenarios (x86_64 300, arm64 300), others act in 180; sources {digest()}\n")
    assert "  pre_patch -> itself, folio-ad                      600\n" in out
    assert "0 divergences in 0 minutes" in out


def test_goes_on_where_it_was(path, asked):
    command(path, "--examples", "1000")
    del asked[:]
    command(path, "--examples", "2000")
    assert asked == [Chunk(arch, 1, 1000) for arch in ARCHES]
    command(path, "--examples", "2000")
    assert len(asked) == 2
    command(path, "--examples", "1000", "--restart")
    assert asked[2:] == [Chunk(arch, 0, 1000) for arch in ARCHES]


def test_an_interruption_keeps_what_was_found(path, monkeypatch, capsys):
    def interrupted(todo, jobs):
        yield next(todo), Result(500, 0, {}, ["a picture"])
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "results", interrupted)
    assert command(path, "--examples", "5000") == 130
    assert "goes on from" in capsys.readouterr().err
    kept = json.loads(path.read_text())
    assert (kept["done"], kept["alarms"]) == ({"x86_64": [0], "arm64": []}, ["a picture"])
    assert [file.name for file in path.parent.iterdir()] == ["soak.json"]


def test_alarms_are_told_again(path, asked, monkeypatch, capsys):
    monkeypatch.setattr(soak, "results", lambda todo, jobs: ((c, Result(1, 0, {}, [f"on {c.arch}"])) for c in todo))
    assert command(path, "--examples", "1") == 1
    told = capsys.readouterr().out
    assert told.startswith("on x86_64\non arm64\n2 scenarios ")
    assert "2 divergences" in told
    assert command(path, "--examples", "1") == 1


def test_processes_do_the_work(path, capsys):
    """Two chunks for real, in a process each."""
    found = list(soak.results(iter([Chunk(arch, 3, 20) for arch in ARCHES]), 2))
    assert sorted((chunk.arch, result.examples) for chunk, result in found) == [("arm64", 20), ("x86_64", 20)]
    assert all("exact" in name for _, result in found for name in result.ran)


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
