# SPDX-License-Identifier: GPL-2.0-only
"""Text that does not compile, and machines that cannot compile: what is said, at the kernel's own lines."""

import re

import pytest

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.kernel_tree import extras
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.build import CompileError, compiled, compiler
from pte_review.models.native.translation_unit import tree_unit
from pte_review.models.native.tree_version import defines
from pte_review.models.outcome import UNMODELLED
from pte_review.models.scenario import ORDINARY_CONFIG
from tests.kit.build import ARCHES, page, scenario
from tests.kit.compilers import needs_gcc
from tests.kit.moves import run
from tests.kit.trees import edited, small, version

SET = "\t\t\tset_ptes(mm, to, dst, pte, nr);\n"


def failed(tree, arch="x86_64"):
    with pytest.raises(CompileError) as raised:
        compiled(tree_unit(tree, arch, BINDING).text, defines(arch, ORDINARY_CONFIG), tree.label)
    return raised.value


def line_of(text, path="mm/mremap.c"):
    source = small().read(path)
    return source[: source.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("nr = no_such_function(pte);", "no_such_function"),
        ("nr += NO_SUCH_MACRO;", "NO_SUCH_MACRO"),
        ("no_such_type thing;", "no_such_type"),
        pytest.param("struct no_such_struct thing; nr += sizeof(thing);", "thing", marks=needs_gcc),
    ],
)
@pytest.mark.parametrize("arch", ARCHES)
def test_a_missing_name(arch, wrong, name):
    error = failed(edited(small(), {SET: f"\t\t\t{wrong}\n{SET}"}), arch)
    assert str(error) == "batching: 1 name is missing: neither the tree nor pte-review has it"
    assert error.details == (f"mm/mremap.c:{line_of(SET)}: {name}",)


def test_missing_names_in_more_than_one_file():
    tree = edited(small(), {SET: f"\t\t\tone_name();\n{SET}\t\t\tother_name();\n"})
    error = failed(edited(tree, {"\tpte_t like;\n": "\tpte_t like = a_third();\n"}, "mm/internal.h"))
    assert "3 names are missing" in str(error)
    assert set(error.details) == {
        f"mm/internal.h:{line_of(chr(9) + 'pte_t like;', 'mm/internal.h')}: a_third",
        f"mm/mremap.c:{line_of(SET)}: one_name",
        f"mm/mremap.c:{line_of(SET) + 2}: other_name",
    }


@needs_gcc
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("nr = = 1;", "expected expression before '=' token"),
        ("mm->no_such_member = 1;", "has no member named 'no_such_member'"),
        ("set_ptes(mm, to, dst, pte);", 'macro "set_ptes" requires 5 arguments'),
        ("dst = mm;", "incompatible pointer type"),
        ("pte = 5;", "incompatible types"),
        ("dst = to;", "makes pointer from integer"),
        ("#error as it is", "#error as it is"),
    ],
)
def test_an_error_of_the_compiler(wrong, says):
    error = failed(edited(small(), {SET: f"\t\t\t{wrong}\n{SET}" if wrong[0] != "#" else f"{wrong}\n{SET}"}))
    assert str(error) == "batching: does not compile:"
    shown = "\n".join(error.details)
    assert says in shown
    assert f"mm/mremap.c:{line_of(SET)}:" in shown
    assert "warning" not in shown


@needs_gcc
def test_a_missing_bracket_is_not_reported_in_files_that_come_with_pte_review():
    error = failed(edited(small(), {SET: f"\t\t\tif (nr) {{\n{SET}"}))
    assert str(error) == "batching: does not compile:"
    assert not [line for line in error.details if line.startswith("/")]
    assert [line for line in error.details if line.startswith("mm/mremap.c:")]


def test_a_name_that_is_missing_because_of_another_error():
    error = failed(edited(small(), {"typedef int __bitwise fpb_t;": "typedef int __bitwise = fpb_t;"}, "mm/internal.h"))
    assert "does not compile" in str(error) or "missing" in str(error)
    assert any(f"mm/internal.h:{line_of('typedef int', 'mm/internal.h')}" in line for line in error.details)


def test_a_function_that_is_declared_and_nowhere_defined():
    error = failed(
        edited(small(), {"#include <asm/tlb.h>": "extern int somewhere(int);", SET: f"\t\t\tsomewhere(1);\n{SET}"})
    )
    assert "neither the tree nor pte-review" in str(error)
    assert any("somewhere" in line for line in error.details)


def test_a_run_of_what_does_not_compile_is_not_modelled():
    text = version(edited(small(), {SET: "\t\t\tno_such_function();\n"}))
    outcome = run(scenario("x86_64", {0: page("x86_64", 0x200)}), text)
    assert outcome.ended == UNMODELLED
    assert outcome.why.startswith("batching: 1 name is missing")
    text.close()


# No compiler, no packages.


def test_no_compiler(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TreeError, match=r"^no C compiler: .* cc, gcc or clang"):
        compiled("int x;", (), "label")


@pytest.mark.parametrize("named", ["nonsense", "nonsense -m64", "/no/such/cc"])
def test_a_compiler_that_is_not_there(monkeypatch, named):
    monkeypatch.setenv("CC", named)
    with pytest.raises(TreeError, match=re.escape(f"CC={named}: no such compiler")):
        compiled("int x;", (), "label")


@pytest.mark.parametrize("named", ["'", " "])
def test_a_compiler_that_is_no_command(monkeypatch, named):
    monkeypatch.setenv("CC", named)
    with pytest.raises(TreeError, match=r"^CC="):
        compiler()


def test_a_compiler_with_options(monkeypatch):
    monkeypatch.setenv("CC", f"{compiler()[0]} -DEXTRA=1")
    assert compiler()[1:] == ["-DEXTRA=1"]
    assert compiled("#ifndef EXTRA\n#error\n#endif\n", (), "label").is_file()


def test_packages_that_are_missing(monkeypatch):
    def refuse(name):
        raise ImportError(name=name)

    monkeypatch.setattr(extras.importlib, "import_module", refuse)
    with pytest.raises(
        TreeError, match=r"^kernel text needs the package tree_sitter: pip install 'pte-review\[tree\]'$"
    ):
        extras.needed("tree_sitter", "tree_sitter_c")
