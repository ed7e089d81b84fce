# SPDX-License-Identifier: GPL-2.0-only
"""The lists of the subjects: every entry is a mutant that exists, has an argument and stands there once."""

from dataclasses import replace

import pytest

from tests.programs.sensitivity.argued import changed, file_of, killed, problems, read
from tests.programs.sensitivity.judging import COST, SURVIVED, Fate
from tests.programs.sensitivity.mutants import make
from tests.programs.studied import STUDIES

LISTED = read(STUDIES["move_ptes"])


def mutants_of(study):
    """The mutants of the lines that the subject's list is about."""
    lines = frozenset(line[1:] for a in read(study) for line in a.diff.splitlines() if line.startswith("-"))
    return [mutant for original in study.mutated for mutant in make(original, lines).mutants]


@pytest.fixture(scope="module")
def mutants():
    return mutants_of(STUDIES["move_ptes"])


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_the_lists_are_right(study):
    assert problems(read(study), mutants_of(study)) == []


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_a_list_is_read_as_it_is_written(study):
    text, listed = file_of(study).read_text(encoding="utf-8"), read(study)
    assert len(listed) >= text.count("[[argued]]") > 0
    assert all(line in text for argument in listed for line in argument.diff.splitlines())


def test_a_part_of_the_context_is_enough_and_another_change_is_not(mutants):
    (mutant,) = [m for m in mutants if LISTED[0].fits(m)]
    lines = mutant.diff.splitlines()
    assert replace(LISTED[0], diff="\n".join(lines[1:])).fits(mutant)
    assert not replace(LISTED[0], diff="\n".join(lines[:-3])).fits(mutant)


def test_a_wrong_list_is_told(mutants):
    one = LISTED[0]
    wrong = {
        "more than once": [one, one],
        "fits 0 mutants": [replace(one, diff="-x\n+y")],
        "no such original": [replace(one, original="v5")],
        "no such original or verdict": [replace(one, verdict="because")],
        "no argument": [replace(one, why="obvious")],
    }
    for what, arguments in wrong.items():
        (told,) = problems(arguments, mutants)
        assert what in told
        assert arguments[0].diff in told


def test_changed_lines_that_fit_several_mutants_are_told():
    only = frozenset(["            k.drop_rmap_locks(vma)"])
    mutants = make("pre_patch", only).mutants
    loose = replace(LISTED[0], original="pre_patch", diff=changed(mutants[0].diff))
    assert problems([loose], mutants)[0].startswith("fits 2 mutants: pre_patch\n-            k.drop_rmap_locks(vma)")
    assert problems([replace(loose, diff=mutants[0].diff)], mutants) == []  # with context


def test_a_listed_mutant_that_was_killed_is_told(mutants):
    fates = {mutant.key: Fate(SURVIVED) for mutant in mutants}
    assert killed(LISTED, mutants, fates) == []
    victim = next(mutant for mutant in mutants if LISTED[0].fits(mutant))
    fates[victim.key] = Fate(COST, 3, "stores 1 -> 2", "arm64")
    (told,) = killed(LISTED, mutants, fates)
    assert told.startswith("killed all the same (cost: stores 1 -> 2, arm64): ")
