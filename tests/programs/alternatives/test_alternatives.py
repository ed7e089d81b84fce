# SPDX-License-Identifier: GPL-2.0-only
"""The comparison with plain lists and CrossHair, in seconds: what it measures is what it says it measures."""

import importlib.util
import random
import subprocess
import sys

import pytest

from pte_review.models.arch import ARCHES
from tests.kit.trees import ROOT
from tests.programs.alternatives import __main__ as alternatives
from tests.programs.alternatives.lists import LISTS, search
from tests.programs.alternatives.symbolic import FORMS, HIGH, leaves, scenario_of
from tests.programs.alternatives.tries import Tries, Try, save_state
from tests.programs.alternatives.word import value
from tests.programs.studied import STUDIES

VERSIONS = {  # and how they may end
    "move_ptes": (("pre_patch", "v4", "refactor", "refactor_clear_new", "v4_fixed"), {"returned", "unassigned-read"}),
    "change_pte_range": (("mprotect/before_batching", "mprotect/as_merged", "mprotect/batching"), {"returned"}),
}
with_crosshair = pytest.mark.skipif(importlib.util.find_spec("crosshair") is None, reason="needs the extra `compare`")


def arguments(form, arch, draw):
    """What CrossHair may give a function of that form: often small, sometimes out of range."""
    number = [lambda: draw.choice([0, 1, 2, 3, 256, 257]), lambda: draw.randrange(-9, 1 << 13)]
    entries = 2 if form == "arithmetic" else 4
    low = tuple(draw.choice(number)() for _ in range(entries))
    high = tuple(draw.choice([0, draw.getrandbits(HIGH[arch][1] + 1)]) for _ in range(entries))
    return (low,) if form == "decoded" else (low, high)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_a_form_leaves_what_a_run_leaves(study, form, arch):
    draw, endings, batches = random.Random(0), set(), 0
    names, expected = VERSIONS[study.name]
    versions = [study.load(name) for name in names]
    for _ in range(300):
        entries = FORMS[form].entries(arch, *arguments(form, arch, draw))
        beside = draw.randrange(32)
        for version in versions:
            ended, tables = leaves(scenario_of(study.plain, arch, entries, beside), version)
            outcome = version.run(scenario_of(study.plain, arch, [value(pte) for pte in entries], beside))
            endings.add(outcome.ended)
            batches += "batch" in outcome.exercised
            assert ended == outcome.ended
            assert tuple(tuple(map(value, table)) for table in tables) == outcome.tables
    assert endings == expected
    assert batches


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("which", LISTS)
def test_lists_find_what_any_swap_entry_shows(which, arch):
    study = STUDIES["move_ptes"]
    pair = (study.load("pre_patch"), study.load("refactor"))
    found = search(study, which, arch, pair, "unassigned-read", start=0, seconds=20)
    assert found.found
    assert found.examples <= 300
    same = search(study, which, arch, (study.load("v4"), study.load("v4")), "", start=0, seconds=0.2)
    assert (same.found, same.other) == (False, 0)


@with_crosshair
def test_crosshair_finds_the_write_bug_when_told_what_an_entry_is():
    from tests.programs.alternatives.bounded import compare

    found = compare(STUDIES["move_ptes"], ("pre_patch", "v4"), "write-gained", "x86_64", "decoded", seconds=90)
    assert found.found, found


def test_cells():
    assert str(Tries([Try(True, 6, 1, 0.2), Try(True, 8, 1, 0.4), Try(False, 5, 0, 1.0)])) == "7 (2), 0.3 s +1"
    assert str(Tries([Try(True, 1234, 0, 9.96)])) == "1,234, 10.0 s"
    assert str(Tries([Try(False, 12_345, 678, 120.0)])) == "none 12,345 +678"
    assert str(Tries([Try(False, 832, 0, 33.0, exhausted=True)])) == "all 832"


def table(capsys, monkeypatch, state, method):
    monkeypatch.setattr(alternatives, "METHODS", dict.fromkeys(alternatives.METHODS, method))
    alternatives.table(state, ["move_ptes"], 120)
    return capsys.readouterr().out


def test_the_table_prints_saves_and_goes_on(capsys, monkeypatch, tmp_path):
    state = tmp_path / "state" / "alternatives.json"
    calls = []

    def stops(bug, arch, seconds):
        calls.append((bug.version, arch, seconds))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return Tries([Try(True, 6, 1, 0.1)])

    with pytest.raises(KeyboardInterrupt):
        table(capsys, monkeypatch, state, stops)
    begun = capsys.readouterr().out
    assert "pre_patch -> before_dirty_flush: stale-tlb\n  pte-review               6, 0.1 s +1" in begun
    assert "  lists, CrossHair         same tables            same tables\n" in begun
    assert "v4: write-gained" not in begun
    printed = table(capsys, monkeypatch, state, lambda bug, arch, seconds: Tries([Try(False, 12_345, 678, 120.0)]))
    assert max(map(len, printed.splitlines())) <= 75
    assert printed.count("6, 0.1 s +1") == 3
    assert "\npre_patch -> v4: write-gained\n" in printed
    assert "\n  lists, CrossHair         -                      same tables\n" in printed  # v1_stride, on arm64 only


def test_a_state_of_other_seconds_is_refused(capsys, tmp_path):
    state = tmp_path / "alternatives.json"
    save_state(state, 5, {})
    if importlib.util.find_spec("crosshair"):
        assert alternatives.main(["--state", str(state)]) == 2
        assert "--restart begins anew" in capsys.readouterr().err


def test_without_crosshair_it_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert alternatives.main(["--state", str(tmp_path / "none.json")]) == 2
    assert "pip install -e '.[compare]'" in capsys.readouterr().err


@with_crosshair
def test_the_program_starts():
    command = [sys.executable, "-m", "tests.programs.alternatives", "--seconds", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--seconds: expected more than 0" in ended.stderr
