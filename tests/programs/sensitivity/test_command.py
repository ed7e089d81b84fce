# SPDX-License-Identifier: GPL-2.0-only
"""The command on a handful of mutants: killed, equivalent, killed by cost; what it remembers; when it fails."""

import json
from dataclasses import replace

import pytest

from tests.kit import resumable
from tests.programs.sensitivity import __main__ as command
from tests.programs.sensitivity import state
from tests.programs.sensitivity.argued import EQUIVALENT, Argument, changed
from tests.programs.sensitivity.judging import COST, HOSTILE, LEGAL, SURVIVED, judge_all
from tests.programs.sensitivity.mutants import make
from tests.programs.sensitivity.report import LABEL
from tests.programs.studied import STUDIES, originals

LOOP = "    for _ in k.for_loop(lambda: old_addr < old_end, step):"
FLUSH = "    force_flush = False"
MARKER = "            k.pte_clear(mm, new_addr, new_ptep)"
STEP = LOOP.replace("<", "!=")
ENDLESS = "        old_addr += PAGE_SIZE"


def few(original):
    """Mutants of two lines only."""
    return make(original, frozenset([LOOP, FLUSH]))


def one(line, new):
    (mutant,) = (m for m in make("pre_patch", frozenset([line])).mutants if f"\n+{new}" in m.diff)
    return mutant


def test_the_three_judges():
    mutants = [
        one(FLUSH, "    pass"),
        one(MARKER, "            pass"),
        one(FLUSH, "    force_flush = True"),
        one(LOOP, STEP),
        one(ENDLESS, "        pass"),
    ]
    fates = judge_all(mutants, 40)
    assert [fate.how for fate in fates] == [LEGAL, HOSTILE, COST, SURVIVED, LEGAL]
    assert [fate.what for fate in fates[:4]] == ["unassigned-read", "destination-kept", "tlb-flushes 0 -> 1", ""]
    assert all(0 < fate.examples <= 40 for fate in fates if fate.how != SURVIVED)


EQUAL = Argument(
    "pre_patch", changed(one(LOOP, STEP).diff), EQUIVALENT, "steps end exactly at old_end, whatever they are"
)


@pytest.fixture
def main(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "make", few)
    monkeypatch.setattr(command, "originals", lambda subject: ("pre_patch",))
    monkeypatch.setattr(command, "read", lambda study: [EQUAL])
    few_options = ["--subject", "move_ptes", "--examples", "40", "--state", str(tmp_path / "s.json")]
    return lambda *options: command.main([*few_options, *options])


def test_all_accounted_for(main, capsys):
    assert main() == 0
    out = capsys.readouterr().out
    rows = {line[:LABEL].strip(): line[LABEL:].split() for line in out.splitlines()}
    total = len(few("pre_patch").mutants)
    assert rows["mutants"] == [str(total)]
    assert rows["killed by cost alone"] == rows["argued equivalent"] == ["1"]
    assert rows["survived"] == rows["beyond the model"] == ["0"]
    assert rows["score"] == ["100.0", "%"]
    assert "SURVIVED" not in out


def test_a_survivor_nobody_argued_about(main, monkeypatch, capsys):
    monkeypatch.setattr(command, "read", lambda study: [])
    assert main() == 1
    out = capsys.readouterr().out
    assert "SURVIVED: pre_patch:60, comparison\n" in out
    assert out.count(f"-{LOOP}\n+{STEP}") == 1


def test_a_list_that_is_wrong(main, monkeypatch, capsys):
    dead = replace(EQUAL, diff=changed(one(FLUSH, "    pass").diff))
    monkeypatch.setattr(command, "read", lambda study: [EQUAL, dead])
    assert main() == 1
    assert "equivalent_mutants.toml: killed all the same (legal: unassigned-read" in capsys.readouterr().out


def test_it_goes_on_where_it_was(main, monkeypatch, tmp_path, capsys):
    assert main() == 0
    first = capsys.readouterr().out
    data = json.loads((tmp_path / "s.json").read_text())
    forgotten, _ = data["fates"].popitem()
    (tmp_path / "s.json").write_text(json.dumps(data))
    judged = tmp_path / "judged"

    def spy(mutants, examples):
        judged.write_text(" ".join(mutant.key for mutant in mutants))
        return judge_all(mutants, examples)

    monkeypatch.setattr(command, "judge_all", spy)
    assert main() == 0
    assert judged.read_text() == forgotten
    assert capsys.readouterr().out == first


FATES = {mutant.key: {"how": SURVIVED} for mutant in few("pre_patch").mutants}
STATES = {
    "its own": ({"sources": state.sources(), "examples": 12, "fates": FATES}, len(FATES)),
    "other sources": ({"sources": "0", "examples": 12, "fates": FATES}, 0),
    "other examples": ({"sources": state.sources(), "examples": 13, "fates": FATES}, 0),
    "another shape": ({"sources": state.sources(), "examples": 12, "fates": {"x": {"why": 1}}}, 0),
    "no object": ([], 0),
}


@pytest.mark.parametrize(("data", "usable"), STATES.values(), ids=STATES)
def test_fates_hold_for_their_sources_and_examples(tmp_path, data, usable):
    (tmp_path / "s.json").write_text(json.dumps(data))
    assert len(state.load(tmp_path / "s.json", 12)) == usable


def test_no_json_and_no_file(tmp_path):
    assert state.load(tmp_path / "s.json", 12) == {}
    (tmp_path / "s.json").write_text("{")
    assert state.load(tmp_path / "s.json", 12) == {}


def test_a_changed_source_changes_the_hash(tmp_path):
    for name in (*resumable.DECIDING, *state.DECIDING):
        (tmp_path / name).mkdir(parents=True)
    before = state.sources(tmp_path)
    (tmp_path / "models" / "machine.py").write_text("1")
    assert len({before, state.sources(tmp_path), state.sources(resumable.ROOT)}) == 3


SECOND = "mprotect/batching"
HEAD = "        expected_anon_exclusive = k.PageAnonExclusive(first_page + sub_batch_idx)"


def test_the_second_subject_is_judged_by_its_own():
    mutants = make(SECOND, frozenset([HEAD])).mutants
    (dropped,) = (m for m in mutants if m.kind == "dropped statement")
    (minus,) = (m for m in mutants if f"\n+{HEAD.replace(' + ', ' - ')}" in m.diff)
    fates = judge_all([dropped, minus], 300)
    assert [fate.how for fate in fates] == [LEGAL, LEGAL]
    assert fates[0].what == "crash"
    assert fates[1].what in ("write-gained", "primitive-contract")
    assert "/" not in dropped.key


@pytest.mark.parametrize("subject", STUDIES)
def test_originals_are_of_the_subject_that_is_named(subject):
    assert tuple(originals(subject)) == STUDIES[subject].mutated
    assert set(originals(subject)) <= set(originals())


def test_bad_calls(main, capsys):
    assert main("--examples", "0") == 2
    assert capsys.readouterr().err == "sensitivity: examples: expected 1 to 100,000,000, got 0\n".replace(
        "examples:", "--examples:"
    )
