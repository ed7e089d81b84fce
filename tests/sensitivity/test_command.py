# SPDX-License-Identifier: GPL-2.0-only
"""The command on a handful of mutants: killed, equivalent, killed by cost; what it remembers; when it fails."""

import json
from dataclasses import replace

import pytest

from tests.sensitivity import __main__ as command
from tests.sensitivity.argued import EQUIVALENT, Argument, changed
from tests.sensitivity.judging import COST, HOSTILE, LEGAL, SURVIVED, judge_all
from tests.sensitivity.mutants import make
from tests.sensitivity.report import LABEL

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
    monkeypatch.setattr(command, "ORIGINALS", ("pre_patch",))
    monkeypatch.setattr(command, "read", lambda: [EQUAL])
    return lambda *options: command.main(["--examples", "12", "--state", str(tmp_path / "s.json"), *options])


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
    monkeypatch.setattr(command, "read", list)
    assert main() == 1
    out = capsys.readouterr().out
    assert "SURVIVED: pre_patch:60, comparison\n" in out
    assert out.count(f"-{LOOP}\n+{STEP}") == 1


def test_a_list_that_is_wrong(main, monkeypatch, capsys):
    dead = replace(EQUAL, diff=changed(one(FLUSH, "    pass").diff))
    monkeypatch.setattr(command, "read", lambda: [EQUAL, dead])
    assert main() == 1
    assert "equivalent_mutants.toml: killed all the same (legal: unassigned-read" in capsys.readouterr().out


def test_it_goes_on_where_it_was(main, monkeypatch, tmp_path, capsys):
    assert main() == 0
    first = capsys.readouterr().out
    state = json.loads((tmp_path / "s.json").read_text())
    forgotten, _ = state["fates"].popitem()
    (tmp_path / "s.json").write_text(json.dumps(state))
    judged = tmp_path / "judged"

    def spy(mutants, examples):
        judged.write_text(" ".join(mutant.key for mutant in mutants))
        return judge_all(mutants, examples)

    monkeypatch.setattr(command, "judge_all", spy)
    assert main() == 0
    assert judged.read_text() == forgotten
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("spoilt", ["{", "[]", '{"sources": "0", "examples": 12, "fates": {}}'])
def test_what_it_cannot_use_it_does_again(main, tmp_path, spoilt):
    (tmp_path / "s.json").write_text(spoilt)
    assert main() == 0
    assert json.loads((tmp_path / "s.json").read_text())["sources"] != "0"


def test_another_number_of_examples_is_another_run(main, tmp_path):
    assert main() == 0
    assert main("--examples", "13") == 0
    assert json.loads((tmp_path / "s.json").read_text())["examples"] == 13


def test_bad_calls(main, capsys):
    assert main("--examples", "0") == 2
    assert capsys.readouterr().err == "sensitivity: examples: expected 1 to 100,000,000, got 0\n".replace(
        "examples:", "--examples:"
    )
