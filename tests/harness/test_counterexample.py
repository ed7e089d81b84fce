# SPDX-License-Identifier: GPL-2.0-only
"""Counterexamples as files: there and back, run again, as a test to paste."""

import json
from dataclasses import replace

import pytest
from hypothesis import Phase, settings

from pte_review.harness.errors import UsageError
from pte_review.harness.files.counterexample import (
    FORMAT,
    VERSION,
    assert_no_divergence,
    divergences_on,
    dumps,
    parse,
    read,
    replay,
    save,
    snippet,
)
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.review import check
from pte_review.models.port import load
from tests.harness.outcomes import FOLIO, moving, scenario, swap
from tests.harness.saved import counterexample, data, smear
from tests.models.build import ARCHES


@pytest.mark.parametrize("arch", ARCHES)
def test_there_and_back(arch):
    one = counterexample(arch)
    assert parse(dumps(one), "a file") == one
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
    paths = save(verdict, tmp_path / "new" / "folder")
    assert len({path.name for path in paths}) == len(paths) == len(verdict.divergences)
    for path, divergence in zip(paths, verdict.divergences, strict=True):
        saved = read(path)
        assert (saved.divergence, saved.base, saved.candidate) == (divergence, "pre_patch", "refactor")
        assert divergence in replay(saved).divergences


def test_two_of_one_kind_and_architecture_are_two_files(tmp_path):
    """An ordinary and a shadow-stack write-lost are minimised apart."""
    one = counterexample().divergence
    verdict = replace(check("pre_patch", "pre_patch", max_examples=1), divergences=(one, one))
    names = [path.name for path in save(verdict, tmp_path)]
    stem = "pre_patch-pre_patch-x86_64-write-gained"
    assert names == [f"{stem}.json", f"{stem}-2.json"]


@pytest.mark.parametrize("arch", ARCHES)
def test_replay(arch):
    again = replay(counterexample(arch))
    assert [(d.kind, d.at.entry) for d in again.divergences] == [("write-gained", 1)]
    assert again.divergences[0] == counterexample(arch).divergence
    assert replay(counterexample(arch), candidate="pre_patch").divergences == ()
    assert replay(counterexample(arch), base="refactor_intended").divergences == ()
    assert replay(counterexample(arch), base="v4", candidate="pre_patch").divergences[0].by == "base"


def test_replay_of_a_version_that_is_not_there():
    gone = replace(counterexample(), candidate="my_port.py")
    with pytest.raises(UsageError, match=r"my_port\.py: cannot be read.*name another with --base or --candidate"):
        replay(gone)


@pytest.mark.parametrize("arch", ARCHES)
def test_every_kind_of_one_scenario_once(arch):
    """A swap entry behind two smeared pages: three divergences of three kinds under refactor_keep_old."""
    s = moving(arch, ["W", "", ""])
    s = replace(s, old_table=(*s.old_table, (3, swap(arch, 1, 5))), extent=4 * 4096)
    _, found = divergences_on(s, load("pre_patch"), load("refactor_keep_old"), CONTRACTS["folio-ad"])
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
    dirty = moving("x86_64", ["D", ""])
    assert_no_divergence(dirty, "pre_patch", "v4")
    with pytest.raises(AssertionError, match="dirty-gained"):
        assert_no_divergence(dirty, "pre_patch", "v4", "exact")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("candidate", ["v4", "pre_patch"])
def test_the_snippet_compiles_and_runs(arch, candidate):
    one = replace(counterexample(arch), candidate=candidate)
    names: dict[str, object] = {}
    exec(compile(snippet(one), "snippet", "exec"), names)
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
    text = snippet(replace(counterexample(), divergence=divergence))
    names: dict[str, object] = {}
    exec(compile(text, "snippet", "exec"), names)
    assert "true" not in text
    assert "null" not in text


def test_files_are_text_that_people_can_diff():
    text = dumps(counterexample())
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
    assert text.isascii()
