# SPDX-License-Identifier: GPL-2.0-only
"""The table of known bugs, and the hunt: counts are those that a whole review gives, medians those done by hand."""

import ast
import math
from dataclasses import replace
from pathlib import Path

import pytest

from pte_review.harness import check, known
from pte_review.harness.errors import UsageError
from pte_review.harness.judging.kinds import SEVERITY
from pte_review.harness.known import Bug, Hunted, arches_of_bugs, hunt, hunt_all
from pte_review.harness.progress import Progress
from pte_review.harness.reports.history import examples, history_table, history_text
from pte_review.harness.reports.progress import ProgressDisplay
from pte_review.harness.search.explore import BLOCK
from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.harness.subjects.move_ptes.thread import KNOWN
from pte_review.models.move_ptes import v4
from pte_review.models.version import VersionError
from tests.kit.build import ARCHES
from tests.kit.moves import load, names
from tests.kit.trees import ROOT

OF = {bug.version: bug for bug in BUGS}
FIXED = {"v4_fixed", "v4_respect_write", "v7_3"}


# -- the table


def test_every_name_is_one():
    for bug in BUGS:
        assert {bug.version, bug.base or MOVE_PTES.base} <= set(names())
        assert bug.must | bug.may <= SEVERITY.keys()
        assert bug.must.isdisjoint(bug.may)
        assert bug.hostile is None or bug.hostile in MOVE_PTES.rules
        assert set(bug.arches) <= set(ARCHES)
    assert len({(bug.version, bug.kind) for bug in BUGS}) == len(BUGS)


def test_every_version_that_is_wrong_has_a_bug():
    assert {bug.version for bug in BUGS} == set(names()) - {"pre_patch"} - FIXED


@pytest.mark.parametrize("bug", [bug for bug in BUGS if len(bug.fixed_by) == 12], ids=lambda bug: bug.version)
def test_the_fix_is_named_in_the_port(bug):
    """Or in the one that has the fix, where the port is of a time before it."""
    tree = load(bug.version).tree
    fixed = (Path(load("v4_fixed").filename)).read_text(encoding="utf-8")
    assert tree is not None
    assert bug.fixed_by in (ast.get_docstring(tree) or "") or bug.fixed_by in fixed


def test_the_pairs_of_the_thread_are_known_alike():
    rows = {(row.base, row.candidate, row.hostile): row for row in KNOWN}
    both = [bug for bug in BUGS if (bug.base or MOVE_PTES.base, bug.version, bug.hostile) in rows]
    assert len(both) == 5
    for bug in both:
        row = rows[bug.base or MOVE_PTES.base, bug.version, bug.hostile]
        assert (bug.must, bug.may) == (row.must, row.may)


def test_where_bugs_are_hunted():
    everywhere = dict(arches_of_bugs(MOVE_PTES, None))
    assert list(everywhere) == list(BUGS)
    assert everywhere[OF["v4"]] == ["x86_64", "arm64"]
    assert everywhere[OF["v1_stride"]] == ["arm64"]
    assert dict(arches_of_bugs(MOVE_PTES, "x86_64"))[OF["v1_stride"]] == []
    assert (
        dict(arches_of_bugs(MOVE_PTES, "arm64"))[OF["v1_stride"]]
        == dict(arches_of_bugs(MOVE_PTES, "arm64"))[OF["v4"]]
        == ["arm64"]
    )
    with pytest.raises(UsageError, match="no architecture 'arm'"):
        arches_of_bugs(MOVE_PTES, "arm")


# -- the hunt


def first_of_a_review(bug: Bug, arch: str, seed: int, most: int) -> int | None:
    """The same from a review, which goes on to the end."""
    verdict = check(
        bug.base or MOVE_PTES.base, bug.version, arch=arch, hostile=bug.hostile, max_examples=most, seed=seed
    )
    hits = [d.examples_to_find for d in verdict.divergences if (d.kind, d.by) == (bug.kind, "candidate")]
    return min(hits, default=None)


@pytest.mark.parametrize("name", ["v4", "v1_stride", "refactor_clear_new", "refactor_intended"])
def test_counts_are_those_of_whole_reviews(name):
    bug, seeds, most = OF[name], 6, 20
    measured = hunt(MOVE_PTES, bug, bug.arches, seeds, most)
    expected = [first_of_a_review(bug, arch, seed, most) for arch in bug.arches for seed in range(seeds)]
    assert list(measured.counts) == expected
    assert len(measured.seconds) == len(expected)
    assert all(second > 0 for second in measured.seconds)
    assert measured.found_by_all is (None not in expected)


def test_both_are_there_in_the_test_above():
    """Hunts that found and hunts that did not."""
    counts = hunt(MOVE_PTES, OF["v1_stride"], ["arm64"], 6, 20).counts
    assert None in counts
    assert set(counts) != {None}


def test_a_hunt_ends_when_the_kind_is_seen(monkeypatch):
    runs = []

    def noted(k, pmc, extent, old_pmd, new_pmd):
        runs.append(k.scenario)
        return v4.move_ptes(k, pmc, extent, old_pmd, new_pmd)

    monkeypatch.setattr(known, "load", lambda which, function: load(noted if which == "v4" else which))
    (count,) = hunt(MOVE_PTES, OF["v4"], ["x86_64"], 1, 100).counts
    assert count <= len(runs) < count + BLOCK < 100


def test_what_only_base_does_is_not_found():
    backwards = replace(OF["v4"], base="v4", version="pre_patch")
    assert hunt(MOVE_PTES, backwards, ["x86_64"], 1, 60).counts == (None,)


def test_another_kind_is_not_found():
    assert hunt(MOVE_PTES, replace(OF["v4"], kind="crash"), ["x86_64"], 1, 60).counts == (None,)


def test_progress_is_told_before_each_hunt():
    messages: list[Progress] = []
    hunt(MOVE_PTES, OF["v4"], ["x86_64", "arm64"], 2, 1, messages.append)
    assert [(message.done, message.total) for message in messages] == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_one_bar_for_all_hunts():
    subject = replace(MOVE_PTES, bugs=(OF["v4"], OF["v1_stride"]))
    messages: list[Progress] = []
    hunt_all(subject, "arm64", 2, 1, messages.append)
    expected = [(OF[name].title, done, 4) for name, done in (("v4", 0), ("v4", 1), ("v1_stride", 2), ("v1_stride", 3))]
    assert messages == [Progress(*values) for values in expected]
    with ProgressDisplay("hunts") as display:
        for message in messages:
            display(message)
        (task,) = display._bar.tasks
    assert task.total == 4


def test_a_version_that_is_gone():
    with pytest.raises(VersionError, match="no version 'v5'"):
        hunt(MOVE_PTES, replace(OF["v4"], version="v5"), ["x86_64"], 1, 1)


# -- the text


def of(*counts: int | None, seconds: float = 0.25) -> Hunted:
    return Hunted(OF["v4"], counts, (seconds,) * len(counts))


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((7,), "7 (7-7)"),
        ((9, 1, 5), "5 (1-9)"),
        ((9, 1, 5, 7), "5 (1-9)"),  # the lower of two: a count that was there
        ((9, None, 1), "9 (1-100+)"),
        ((None, None, 1), "100+ (1-100+)"),
        ((None,), "100+ (100+-100+)"),
    ],
)
def test_examples(counts, shown):
    assert examples(of(*counts), 100) == shown
    assert of(*counts).found_by_all is (None not in counts)


def test_typical_takes_what_was_not_found_for_the_most():
    assert of(3, None).typical == (3, 3, math.inf)


def test_a_bug_of_another_architecture_says_so():
    assert examples(Hunted(OF["v1_stride"], (), ()), 100) == "arm64 only"


@pytest.mark.parametrize(("seconds", "shown"), [(0.004, "0.00"), (0.25, "0.25"), (9.99, "9.99"), (12.3, "12")])
def test_seconds(seconds, shown):
    assert history_table([of(1, seconds=seconds)], 100).splitlines()[2].endswith(f"| {shown:>4}")


def test_the_last_line_counts_hunted_bugs():
    rows = [of(1, 2), of(1, None), Hunted(OF["v1_stride"], (), ())]
    assert history_text(rows, 2, 100).splitlines()[-1] == "2 rows, 1 found with every seed, 0-1; 1 s"


def test_the_table_fits_a_mail_whatever_bug():
    text = history_table([Hunted(bug, (7, 100, 100), (1.0,) * 3) for bug in BUGS], 100)
    assert len(text.splitlines()) == 2 + len(BUGS)  # nothing is folded
    assert max(map(len, text.splitlines())) <= 75


def test_the_docs_tell_of_every_bug():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    for bug in BUGS:
        assert f"`{bug.version}`" in text
