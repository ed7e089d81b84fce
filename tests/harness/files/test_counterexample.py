# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples as files: there and back, run again, as a test to paste."""

import json
from dataclasses import replace

import pytest
from hypothesis import Phase, settings

from pte_review.harness import check
from pte_review.harness.api import assert_no_divergence
from pte_review.harness.errors import UsageError
from pte_review.harness.files.counterexample import (
    FORMAT,
    VERSION,
    Counterexample,
    divergences_on,
    dumps,
    parse,
    read,
    replay,
    save,
    snippet,
)
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.subjects import SUBJECTS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.verdict import Divergence
from pte_review.models.move_ptes.call import moved
from tests.kit.build import ARCHES
from tests.kit.moves import as_move, load
from tests.kit.outcomes import FOLIO, moving, scenario, swap
from tests.kit.saved import counterexample, data, smear


def replayed(saved: Counterexample, base: str = "", candidate: str = "") -> tuple[Divergence, ...]:
    """The divergences now, of the pair that `saved` names or of another."""
    return replay(MOVE_PTES, saved, load(base or saved.base), load(candidate or saved.candidate))


@pytest.mark.parametrize("arch", ARCHES)
def test_there_and_back(arch):
    one = counterexample(arch)
    assert parse(dumps(one), "a file", SUBJECTS) == one
    assert (data(arch)["format"], data(arch)["version"]) == (FORMAT, VERSION)


@pytest.mark.parametrize("arch", ARCHES)
def test_what_it_says(arch):
    d = counterexample(arch).divergence
    assert (d.kind, d.severity, d.arch, d.by) == ("write-gained", "critical", arch, "candidate")
    assert (d.at.table, d.at.entry, d.at.addr) == ("new", 1, 0x8000_1000)
    assert d.summary == "v4 makes new[1] writable; the page was mapped read-only before the move."
    assert d.cause.replace(" -SH", "") == f"set_ptes(new[0], pfn={FOLIO:#x} W, nr=2)"


def test_every_divergence_of_a_review_is_a_file_that_replays(tmp_path):
    verdict = check("pre_patch", "refactor", max_examples=100)
    paths = save(MOVE_PTES, verdict, tmp_path / "new" / "folder")
    assert len({path.name for path in paths}) == len(paths) == len(verdict.divergences)
    for path, divergence in zip(paths, verdict.divergences, strict=True):
        saved = read(path, SUBJECTS)
        assert (saved.divergence, saved.base, saved.candidate) == (divergence, "pre_patch", "refactor")
        assert divergence in replayed(saved)


def test_two_of_one_kind_and_architecture_are_two_files(tmp_path):
    """An ordinary and a shadow-stack write-lost are minimised apart."""
    one = counterexample().divergence
    verdict = replace(check("pre_patch", "pre_patch", max_examples=1), divergences=(one, one))
    names = [path.name for path in save(MOVE_PTES, verdict, tmp_path)]
    stem = "pre_patch-pre_patch-x86_64-write-gained"
    assert names == [f"{stem}.json", f"{stem}-2.json"]


@pytest.mark.parametrize("arch", ARCHES)
def test_replay(arch):
    again = replayed(counterexample(arch))
    assert [(d.kind, d.at.entry) for d in again] == [("write-gained", 1)]
    assert again[0] == counterexample(arch).divergence
    assert replayed(counterexample(arch), candidate="pre_patch") == ()
    assert replayed(counterexample(arch), base="refactor_intended") == ()
    assert replayed(counterexample(arch), base="v4", candidate="pre_patch")[0].by == "base"


@pytest.mark.parametrize("arch", ARCHES)
def test_every_kind_of_one_scenario_once(arch):
    """A swap entry behind two smeared pages: three divergences of three kinds under refactor_keep_old."""
    s = moving(arch, ["W", "", ""])
    s = moved(s, old_table=(*as_move(s).old_table, (3, swap(arch, 1, 5))), extent=4 * 4096)
    found = divergences_on(MOVE_PTES, s, load("pre_patch"), load("refactor_keep_old"), CONTRACTS["folio-ad"])
    assert [(d.kind, d.at.table, d.at.entry) for d in found] == [
        ("write-gained", "new", 1),
        ("entry-duplicated", "old", 3),
    ]


def test_assert_no_divergence():
    assert_no_divergence(smear(), "pre_patch", "pre_patch")
    with pytest.raises(AssertionError, match=r"write-gained \(critical\)"):
        assert_no_divergence(smear(), "pre_patch", "v4")
    with pytest.raises(UsageError, match="no contract 'exakt': did you mean exact"):
        assert_no_divergence(smear(), "pre_patch", "v4", "exakt")
    assert_no_divergence(smear(), "v4", "pre_patch")  # what a candidate fixes is no divergence of its own
    dirty = moving("x86_64", ["D", ""])
    assert_no_divergence(dirty, "pre_patch", "v4")
    with pytest.raises(AssertionError, match="dirty-gained"):
        assert_no_divergence(dirty, "pre_patch", "v4", "exact")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("candidate", ["v4", "pre_patch"])
def test_the_snippet_compiles_and_runs(arch, candidate):
    one = replace(counterexample(arch), candidate=candidate)
    names: dict[str, object] = {}
    exec(compile(snippet(MOVE_PTES, one), "snippet", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    only_the_example = settings(phases=[Phase.explicit], database=None)(test)
    if candidate == "pre_patch":
        only_the_example()
    else:
        with pytest.raises(AssertionError, match="write-gained"):
            only_the_example()


def test_the_snippet_of_a_scenario_with_options_compiles():
    s = scenario("x86_64", {0: swap("x86_64", 1, 5)}, debug_vm=True, split_ptlocks=False, need_rmap_locks=True)
    divergence = replace(counterexample().divergence, scenario=s)
    text = snippet(MOVE_PTES, replace(counterexample(), divergence=divergence))
    names: dict[str, object] = {}
    exec(compile(text, "snippet", "exec"), names)
    assert "true" not in text
    assert "null" not in text


def test_files_are_text_that_people_can_diff():
    text = dumps(counterexample())
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
    assert text.isascii()
