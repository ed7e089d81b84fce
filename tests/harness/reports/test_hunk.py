# SPDX-License-Identifier: GPL-2.0-only
"""Which hunk a reply quotes: the one that has the line, also where later patches moved it."""

from pathlib import Path

import pytest

from pte_review.harness.reports.hunk import quoted_hunk
from pte_review.models.kernel_tree.patches import patched
from pte_review.models.kernel_tree.tree import Tree, open_tree
from tests.kit.little_tree import MREMAP, change, commit, git, make, make_git


@pytest.fixture
def series(tmp_path: Path) -> Tree:
    """Three patches: one that changes line 9, one that adds two lines above, one elsewhere in the file."""
    work = make_git(tmp_path / "work")
    change(work, "step_3(table, 3);", "step_3(table, 33);")
    commit(work, "mm: three")
    change(work, "#include <steps.h>\n", "#include <steps.h>\n#include <more.h>\n#include <most.h>\n")
    commit(work, "mm: more")
    change(work, "turn_9(table, 9)", "turn_9(table,\n\t       99)")
    commit(work, "mm: nine")
    (tmp_path / "a.mbx").write_text(git(work, "format-patch", "--stdout", "v6.1"), newline="")
    return patched(open_tree(make(tmp_path / "tree"), MREMAP), [tmp_path / "a.mbx"], MREMAP)


def place(tree: Tree, text: str) -> str:
    lines = str(tree.read(MREMAP)).split("\n")
    (number,) = [i for i, line in enumerate(lines, 1) if text in line]
    return f"{MREMAP}:{number}"


def quoted(tree: Tree, text: str) -> tuple[str, list[str]] | None:
    found = quoted_hunk(tree, place(tree, text))
    return found and (found.patch.subject, found.lines)


def test_a_line_that_later_patches_moved(series: Tree):
    assert quoted(series, "step_3(table, 33)") == (
        "[PATCH 1/3] mm: three",
        [
            f"+++ b/{MREMAP}",
            "@@ -5,7 +5,7 @@ static int move(struct table *table)",
            " {",
            " \tstep_1(table, 1);",
            " \tstep_2(table, 2);",
            "-\tstep_3(table, 3);",
            "+\tstep_3(table, 33);",
        ],
    )


def test_a_line_around_a_change(series: Tree):
    assert quoted(series, "step_5(table, 5)")[1][-3:] == [
        "+\tstep_3(table, 33);", " \tstep_4(table, 4);", " \tstep_5(table, 5);"
    ]  # fmt: skip


def test_a_statement_of_two_lines(series: Tree):
    assert quoted(series, "turn_9(table,")[1][-2:] == ["+\tturn_9(table,", "+\t       99);"]


def test_a_line_in_no_hunk(series: Tree):
    """The nearest one up to its change: here the last one, four lines away."""
    found = quoted_hunk(series, place(series, "turn_2(table, 2)"))
    assert (found.has_line, found.patch.subject) == (False, "[PATCH 3/3] mm: nine")
    assert found.lines[-1] == "+\t       99);"
    assert quoted_hunk(series, place(series, "step_5(table, 5)")).has_line


def test_a_file_that_no_patch_changes(series: Tree):
    assert quoted_hunk(series, "mm/internal.h:1") is None


def test_a_long_hunk_is_cut(tmp_path: Path):
    work = make_git(tmp_path / "work")
    change(work, "\tstep_3(table, 3);\n", "".join(f"\tnew_{n}();\n" for n in range(40)))
    (tmp_path / "a.patch").write_text(git(work, "diff"), newline="")
    tree = patched(open_tree(make(tmp_path / "tree"), MREMAP), [tmp_path / "a.patch"], MREMAP)
    assert quoted_hunk(tree, place(tree, "new_20()")).lines[2:] == ["[...]", *(f"+\tnew_{n}();" for n in range(8, 21))]


def test_a_patch_with_an_offset(tmp_path: Path):
    """The file has three more lines on top than the patch knows."""
    work = make_git(tmp_path / "work")
    change(work, "step_3(table, 3);", "step_3(table, 33);")
    (tmp_path / "a.patch").write_text(git(work, "diff"), newline="")
    tree = make(tmp_path / "tree")
    change(tree, "#include <steps.h>\n", "#include <steps.h>\n\n\n\n")
    after = patched(open_tree(tree, MREMAP), [tmp_path / "a.patch"], MREMAP)
    assert quoted_hunk(after, place(after, "step_3(table, 33)")).lines[-1] == "+\tstep_3(table, 33);"


def test_empty_lines_behind_a_hunk_and_in_it(tmp_path: Path):
    """Mails end in some, and editors take the blank of an empty context line."""
    work = make_git(tmp_path / "work")
    change(work, "\treturn 0;\n", "\treturn 2;\n")
    patch = git(work, "diff").replace("\n \n", "\n\n") + "\n\n"
    (tmp_path / "a.patch").write_text(patch, newline="")
    tree = patched(open_tree(make(tmp_path / "tree"), MREMAP), [tmp_path / "a.patch"], MREMAP)
    found = quoted_hunk(tree, place(tree, "return 2;"))
    assert (found.has_line, found.lines[-1]) == (True, "+\treturn 2;")
