# SPDX-License-Identifier: GPL-2.0-only
"""A function with what it needs: from which file, at which lines, and nothing else."""

from dataclasses import replace

import pytest

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native.build import CompileError, compiled
from pte_review.models.native.extract import extract, provided
from pte_review.models.native.translation_unit import tree_unit
from pte_review.models.native.tree_version import defines
from pte_review.models.scenario import ORDINARY_CONFIG
from tests.kit.build import ARCHES
from tests.kit.little_tree import MREMAP
from tests.kit.trees import edited, linux, small

PIECES = {
    "x86_64": [
        "arch/x86/include/asm/pgtable_types.h", "include/asm-generic/pgtable_uffd.h", "arch/x86/include/asm/pgtable.h",
        "include/linux/pgtable.h", "include/linux/swapops.h", "include/linux/userfaultfd_k.h", "mm/internal.h", MREMAP,
    ],
    "arm64": [
        "arch/arm64/include/asm/pgtable-prot.h", "include/asm-generic/pgtable_uffd.h",
        "arch/arm64/include/asm/pgtable.h", "include/linux/pgtable.h", "include/linux/swapops.h",
        "include/linux/userfaultfd_k.h", "arch/arm64/mm/contpte.c", "mm/internal.h", MREMAP,
    ],
}  # fmt: skip


def pieces(found):
    return {piece.path: piece.text for piece in (*found.library, *found.batch, found.subject)}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", ["batching", "odd", "linux"])
def test_every_line_is_at_its_own_number(arch, name):
    tree = open_tree(linux(), MREMAP) if name == "linux" else small(name)
    found = pieces(extract(tree, arch, BINDING))
    assert set(found) >= {"include/linux/pgtable.h", MREMAP}
    for path, text in found.items():
        before = tree.read(path).split("\n")
        lines = text.split("\n")
        assert len(lines) == len(before)
        for now, was in zip(lines, before, strict=True):
            bare = now
            for call in ("{ pr_tick(); ", " pr_tick(); ", " }"):
                bare = bare.replace(call, "")
            bare = "".join(bare.split(" PR_", 1)[0].split())
            assert bare in "".join(was.replace(" }", "").split()) or "PR_" in now


@pytest.mark.parametrize("arch", ARCHES)
def test_what_is_needed_and_nothing_else(arch):
    found = extract(small(), arch, BINDING)
    assert list(pieces(found)) == PIECES[arch]
    text = "\n".join(pieces(found).values())
    assert "no_such" not in text
    assert "nobody_asks" not in text
    assert "not_asked_for" not in text
    assert "#include" not in text
    assert "EXPORT_SYMBOL" not in text
    for kept in ("take_rmap_locks", "batch_length", "pagetable_move_control", "FPB_RESPECT_WRITE", "without_ignored"):
        assert kept in text


def test_which_primitives_the_text_has():
    assert extract(small(), "arm64", BINDING).has >= {
        "ptep_get",
        "set_ptes",
        "pte_clear",
        "pte_batch_hint",
        "get_and_clear_full_ptes",
    }
    assert list(extract(small(), "arm64", BINDING).batches) == ["folio_pte_batch_flags"]
    assert list(extract(small("odd"), "arm64", BINDING).batches) == ["folio_pte_batch"]
    assert extract(small(), "arm64", BINDING).structs["pagetable_move_control"] == (
        "old", "new", "old_addr", "old_end", "new_addr", "len_in", "need_rmap_locks", "for_stack",
    )  # fmt: skip
    assert extract(small("odd"), "arm64", BINDING).structs == {}


# Which definition of a name counts: the file's own, then the project's, then the tree's.


def test_the_files_own_definition_comes_first():
    own = "static inline pte_t pte_mkold(pte_t pte) { return __pte(77); }"
    tree = edited(small(), {"#include <asm/tlb.h>": own, "\t\tpte = mark_moved(pte);\n": "\t\tpte = pte_mkold(pte);\n"})
    found = pieces(extract(tree, "x86_64", BINDING))
    assert "__pte(77)" in found[MREMAP]


def test_a_prototype_in_the_file_is_no_definition_of_what_the_project_has():
    assert "vm_normal_folio" in provided("x86_64")
    prototype = "extern struct folio *vm_normal_folio(struct vm_area_struct *vma, unsigned long addr, pte_t pte);"
    tree = edited(small(), {"#include <asm/tlb.h>": prototype})
    assert "extern" not in pieces(extract(tree, "x86_64", BINDING))[MREMAP]


def test_the_projects_definition_comes_before_the_trees():
    tree = edited(
        small(),
        {"#define pte_next_pfn": "#define vm_normal_folio(x) 99\n#define pte_next_pfn"},
        "include/linux/pgtable.h",
    )
    assert "99" not in pieces(extract(tree, "x86_64", BINDING))["include/linux/pgtable.h"]


@pytest.mark.parametrize("arch", ARCHES)
def test_the_architectures_own_file_is_read_for_it_alone(arch):
    found = pieces(extract(small(), arch, BINDING))
    assert ("arch/arm64/mm/contpte.c" in found) == (arch == "arm64")
    assert "PR_SAVED_DIRTY" in provided("x86_64") - provided("arm64")
    assert "PR_CONT" in provided("arm64") - provided("x86_64")


@pytest.mark.parametrize("arch", ARCHES)
def test_a_definition_in_another_file_of_the_tree(arch):
    tree = edited(small(), {"\t\tpte = mark_moved(pte);\n": "\t\tpte = somewhere(pte);\n"})
    error = compile_error(tree, arch)
    assert error.details == (f"{MREMAP}:{line_of(tree, 'somewhere(')}: somewhere",)
    found = edited(
        tree, {"void *not_asked_for": "pte_t somewhere(pte_t x) { return x; }\nvoid *not_asked_for"}, "mm/util.c"
    )
    assert "somewhere" in pieces(extract(found, arch, BINDING))["mm/util.c"]
    compiled(tree_unit(found, arch, BINDING).text, defines(arch, ORDINARY_CONFIG), "found")


def compile_error(tree, arch):
    with pytest.raises(CompileError) as raised:
        compiled(tree_unit(tree, arch, BINDING).text, defines(arch, ORDINARY_CONFIG), tree.label)
    return raised.value


def line_of(tree, text, path=MREMAP):
    source = tree.read(path)
    return source[: source.index(text)].count("\n") + 1


# What is not there.


def test_no_such_file():
    tree = replace(small(), overlay={MREMAP: None})
    with pytest.raises(TreeError, match=r"^batching: has no mm/mremap\.c: expected a kernel source tree$"):
        extract(tree, "x86_64", BINDING)


@pytest.mark.parametrize(
    "text", ["", "int move_ptes(void);\n", "#define move_ptes() 1\n", "/* move_ptes() { } */\n", "}}}{{"]
)
def test_no_such_function(text):
    tree = replace(small(), overlay={MREMAP: text})
    with pytest.raises(TreeError, match=r"^batching: mm/mremap\.c defines no move_ptes\(\)$"):
        extract(tree, "x86_64", BINDING)


@pytest.mark.parametrize("arch", ARCHES)
def test_a_tree_without_a_library(arch):
    tree = replace(small(), overlay=dict.fromkeys(("include/linux/pgtable.h", "mm/internal.h", "mm/util.c")))
    error = compile_error(tree, arch)
    assert any("pagetable_move_control" in line or "pmc" in line for line in error.details)


def test_two_definitions_under_an_ifdef():
    whole = small().read(MREMAP)
    body = whole[whole.index("static int move_ptes(") : whole.index("static bool move_normal_pmd")]
    other = body.replace("for (; from < end;", "while (0)\n\t\t;\n\tfor (; from < end;").replace(
        "return ret;", "return 5;"
    )
    text = f"#ifdef CONFIG_X86_64\n{body}#else\n{other}#endif\n"
    tree = edited(small(), {body: text})
    for arch in ARCHES:
        found = extract(tree, arch, BINDING)
        assert found.subject.text.count("static int move_ptes(") == 2
        compiled(tree_unit(tree, arch, BINDING).text, defines(arch, ORDINARY_CONFIG), "two")


def test_two_definitions_with_different_parameters():
    whole = small().read(MREMAP)
    body = whole[whole.index("static int move_ptes(") : whole.index("static bool move_normal_pmd")]
    other = body.replace("unsigned long extent,", "unsigned long len,").replace("from + extent, bytes = extent", "0")
    tree = edited(small(), {body: f"#ifdef CONFIG_X86_64\n{body}#else\n{other}#endif\n"})
    lines = [n for n, line in enumerate(tree.read(MREMAP).split("\n"), 1) if line.startswith("static int move_ptes(")]
    with pytest.raises(TreeError) as raised:
        extract(tree, "x86_64", BINDING)
    assert str(raised.value) == (
        f"batching: mm/mremap.c:{lines[1]}: move_ptes() has other parameters than in line {lines[0]}: "
        "expected the same under every #ifdef"
    )


def test_a_prototype_of_the_function_itself_is_kept():
    changes = {
        "static pte_t mark_moved(": (
            "static int move_ptes(struct pagetable_move_control *, unsigned long, pmd_t *, pmd_t *);\n"
            "static int again(struct pagetable_move_control *p, pmd_t *a, pmd_t *b) { return move_ptes(p, 0, a, b); }\n"
            "static pte_t mark_moved("
        ),
        "\tint ret = 0;\n": "\tint ret = extent ? 0 : 0 * again(pmc, old_pmd, new_pmd);\n",
    }
    tree = edited(small(), changes)
    compiled(tree_unit(tree, "x86_64", BINDING).text, defines("x86_64", ORDINARY_CONFIG), "itself")
