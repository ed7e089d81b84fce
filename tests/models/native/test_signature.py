# SPDX-License-Identifier: GPL-2.0-only
"""A function's parameters by name, in any order and spelling, and the call that binds them."""

import pytest

from pte_review.harness.subjects.move_ptes.kernel_text import BINDING
from pte_review.models.kernel_tree.ctext import CFile
from pte_review.models.kernel_tree.errors import TreeError
from pte_review.models.native.extract import extract
from pte_review.models.native.signature import signature
from pte_review.models.native.translation_unit import tree_unit
from pte_review.models.outcome import RETURNED
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, scenario
from tests.kit.moves import run
from tests.kit.trees import edited, small, version

HEAD = (
    "static int move_ptes(struct pagetable_move_control *pmc,\n"
    "\t\tunsigned long extent, pmd_t *old_pmd, pmd_t *new_pmd)\n"
)


def of(text):
    return signature(CFile("a.c", text).function("f").node)


@pytest.mark.parametrize(
    ("text", "returns", "names"),
    [
        ("static int f(int a, struct s *b, unsigned long c[3])\n{\n}\n", "int", "a b c"),
        ("static __always_inline void f(int a)\n{\n}\n", "void", "a"),
        ("struct folio *f(void)\n{\n}\n", "struct folio", ""),
        ("unsigned\nlong\nf(const pte_t *const a,\n\tint (*b)(int, int))\n{\n}\n", "unsigned\nlong", "a b"),
        ("pte_t **f(pte_t **a)\n{\n}\n", "pte_t", "a"),
        ("int f(int a __maybe_unused, bool b)\n{\n}\n", "int", "a b"),
        ("int f()\n{\n}\n", "int", ""),
        ("int f(a, b)\n\tint a;\n\tstruct s *b;\n{\n}\n", "int", "a b"),
    ],
)
def test_signature(text, returns, names):
    found = of(text)
    assert (found.name, found.returns) == ("f", returns)
    assert [p.name for p in found.parameters] == names.split()


def test_lines_and_texts():
    found = of("\n\nstatic int\nf(int a,\n  struct s\n  *b)\n{\n}\n")
    assert found.line == 4
    assert [(p.text, p.line) for p in found.parameters] == [("int a", 4), ("struct s *b", 5)]


@pytest.mark.parametrize("arch", ARCHES)
def test_the_old_and_the_new_signature(arch):
    new, old = extract(small(), arch, BINDING).signature, extract(small("odd"), arch, BINDING).signature
    assert [p.name for p in new.parameters] == ["pmc", "extent", "old_pmd", "new_pmd"]
    assert [p.name for p in old.parameters] == [
        "vma", "old_pmd", "old_addr", "old_end", "new_vma", "new_pmd", "new_addr", "need_rmap_locks",
    ]  # fmt: skip
    assert "move_ptes(&pmc, " in tree_unit(small(), arch, BINDING).text
    assert ".old = " in tree_unit(small(), arch, BINDING).text


HEADS = {
    "in another order": (
        "static int move_ptes(pmd_t *new_pmd, pmd_t *old_pmd, struct pagetable_move_control *pmc, u64 extent)\n"
    ),
    "of other types": (
        "static long\nmove_ptes\n(struct pagetable_move_control *const pmc, const unsigned long extent,\n"
        "\tpmd_t old_pmd[], pmd_t *new_pmd)\n"
    ),
    "as before 1989": (
        "static int move_ptes(pmc, extent, old_pmd, new_pmd)\n\tstruct pagetable_move_control *pmc;\n"
        "\tunsigned long extent; pmd_t *old_pmd, *new_pmd;\n"
    ),
    "with more": (
        "static int move_ptes(struct mm_struct *mm, struct pagetable_move_control *pmc, unsigned long len,\n"
        "\t\tpmd_t *old_pmd, pmd_t *new_pmd)\n"
    ),
}


@pytest.mark.parametrize("head", HEADS)
def test_parameters_are_bound_by_name(head):
    changes = {HEAD: HEADS[head]}
    if head == "with more":
        changes |= {"\tstruct mm_struct *mm = vma->vm_mm;\n": ""}
        changes |= {"from + extent, bytes = extent;": "from + len, bytes = len;"}
    what = scenario("x86_64", {0: page("x86_64", 0x200, "W")}, folios=(Folio(0x200, 4),))
    text, plain = version(edited(small(), changes)), version(small())
    outcome, expected = run(what, text), run(what, plain)
    assert outcome.ended == RETURNED
    assert (outcome.tables[1], outcome.events) == (expected.tables[1], expected.events)
    text.close()
    plain.close()


def test_a_function_that_returns_nothing():
    changes = {HEAD: HEAD.replace("static int", "static __always_inline void"), "\treturn ret;\n": "\treturn;\n"}
    changes["move_ptes(pmc, PMD_SIZE, old_pmd, new_pmd)"] = "0"
    what = scenario("x86_64", {0: page("x86_64", 0x200, "W")})
    text = version(edited(small(), changes))
    assert (run(what, text).ended, run(what, text).returned) == (RETURNED, 0)
    text.close()


@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        ("struct mmu_gather *tlb", "struct mmu_gather *tlb"),
        ("int\n\t\tflavour", "int flavour"),
        ("int (*fn)(int)", "int (*fn)(int)"),
    ],
)
def test_a_parameter_that_cannot_be_bound(parameter, shown):
    tree = edited(small(), {HEAD: HEAD.replace("pmd_t *new_pmd)", f"pmd_t *new_pmd,\n\t\t{parameter})")})
    line = tree.read("mm/mremap.c").split("\n").index("static int move_ptes(struct pagetable_move_control *pmc,") + 3
    with pytest.raises(TreeError) as raised:
        tree_unit(tree, "x86_64", BINDING)
    message = str(raised.value)
    assert message.startswith(
        f"batching: mm/mremap.c:{line}: move_ptes() has a parameter that cannot be bound, '{shown}': "
        "expected one of vma, "
    )
    assert "\n" not in message
