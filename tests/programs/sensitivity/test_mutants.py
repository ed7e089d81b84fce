# SPDX-License-Identifier: GPL-2.0-only
"""Mutants of a text: which there are, which are left out, what their diffs say."""

import pytest

from tests.kit.moves import load
from tests.programs.sensitivity.mutants import diff, make

TEXT = '''"""Ignore 1 + 2 here."""

from pte_review.models.config import PAGE_SIZE


def move_ptes(k, pmc, extent: "1 + 1", old_pmd, new_pmd) -> int:
    at: "2 + 2"
    n = extent - PAGE_SIZE
    return n
'''


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "text.py"
    file.write_text(TEXT)
    return file


def test_no_mutants_of_docstrings_imports_annotations(path):
    made = make("text", None, path)
    assert {mutant.line for mutant in made.mutants} == {7, 8, 9}
    assert [m.kind for m in made.mutants if m.line == 7] == ["dropped statement"]


def test_each_program_once(path):
    path.write_text("def f(x):\n    if x and x: pass\n")
    made = make("text", None, path)  # `not x and x`, `x or x`, `not (x and x)`; a pass for a pass is no mutant
    assert [m.kind for m in made.mutants] == ["negated condition", "and, or", "negated condition"]
    path.write_text("x = -f(y, (y))\n")
    make.cache_clear()
    made = make("text", None, path)  # `y` and `(y)` swapped are the same program
    assert made.left_out == {"duplicate": 1}
    assert "swapped arguments" not in {m.kind for m in made.mutants}


def test_what_does_not_compile_is_counted(path):
    path.write_text("def f():\n    x = y\n\n    def g():\n        nonlocal x\n    return g\n")
    made = make("text", None, path)
    assert made.left_out == {"does not compile": 1}
    assert [m.line for m in made.mutants] == [6]


def test_mutants_of_some_lines(path):
    assert {m.line for m in make("text", frozenset(["    return n"]), path).mutants} == {9}


def test_a_diff_has_context_and_no_line_numbers(path):
    (mutant,) = (m for m in make("text", None, path).mutants if m.line == 9)
    assert mutant.diff == '     at: "2 + 2"\n     n = extent - PAGE_SIZE\n-    return n\n+    pass'
    assert diff("a\nb\n", "a\nc\n") == " a\n-b\n+c"


def test_keys_and_diffs_tell_mutants_apart():
    only = frozenset(["            k.drop_rmap_locks(vma)", "        k.drop_rmap_locks(vma)"])
    mutants = make("pre_patch", only).mutants
    assert [m.kind for m in mutants] == ["dropped statement"] * 3  # the same change in three places
    assert len({m.key for m in mutants}) == len({m.diff for m in mutants}) == 3


def test_a_mutant_is_a_version(tmp_path):
    (mutant,) = make("pre_patch", frozenset(["            continue"])).mutants[:1]
    file = tmp_path / "mutant.py"
    file.write_text(mutant.source)
    assert load(file).summary == load("pre_patch").summary
