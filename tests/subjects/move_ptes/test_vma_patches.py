# SPDX-License-Identifier: GPL-2.0-only
"""Patches that hang on the VMA: found by check and by exhaust, and what was never varied is no verdict."""

import pytest

from pte_review.harness.exhaust.native_backend import NativeBackend
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.review import review
from pte_review.harness.subjects.move_ptes.space import space
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.kernel_tree.tree import open_tree
from tests.kit.little_tree import MREMAP
from tests.kit.trees import edited, linux, small, version

# Where the entry has been moved in hand, and where the loop has ended: our own little tree's lines, and v7.2's.
MOVED = {"small": "\t\tpte = mark_moved(pte);\n", "7.2": "\t\tpte = move_soft_dirty_pte(pte);\n"}
ENDED = {"small": "\tarch_leave_lazy_mmu_mode();\n", "7.2": "\tlazy_mmu_mode_disable();\n"}
CLEAN = "\t\tif ({} && pte_present(pte))\n\t\t\tpte = pte_mkclean(pte);\n"
FOUND = {
    "clean in shared memory": (CLEAN.format("(vma->vm_flags & VM_SHARED)"), "", "dirty-lost"),
    "clean in read-only memory": (CLEAN.format("!(vma->vm_flags & VM_WRITE)"), "", "dirty-lost"),
    "no flush in shared memory": ("", "\tif (vma->vm_flags & VM_SHARED)\n\t\t{flush} = false;\n", "stale-tlb"),
    "writable as the VMA says": (
        "\t\tif (pte_present(pte) && (vma->vm_flags & VM_WRITE))\n\t\t\tpte = pte_mkwrite(pte, vma);\n",
        "",
        "write-gained",
    ),
}
FLUSH = {"small": "flush", "7.2": "force_flush"}


def trees(name: str, moved: str, ended: str):
    """The text as it is and with a change behind MOVED and before ENDED."""
    tree = small() if name == "small" else open_tree(linux(name), MREMAP)
    changes = {MOVED[name]: MOVED[name] + moved, ENDED[name]: ended.replace("{flush}", FLUSH[name]) + ENDED[name]}
    return version(tree), version(edited(tree, changes))


def reviewed(name: str, moved: str, ended: str = "", **options):
    base, candidate = trees(name, moved, ended)
    for text in (base, candidate):
        text.prepare(["x86_64"])
    (verdict,) = review(MOVE_PTES, [(base, candidate)], arch="x86_64", **{"max_examples": 400, **options})
    base.close()
    candidate.close()
    return verdict


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("change", FOUND)
def test_check_finds(name, change):
    moved, ended, kind = FOUND[change]
    verdict = reviewed(name, moved, ended)
    assert verdict.verdict == "diverges"
    assert kind in verdict.kinds


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("change", [change for change in FOUND if change != "writable as the VMA says"])
def test_exhaust_finds(name, change):
    moved, ended, kind = FOUND[change]
    base, candidate = trees(name, moved, ended)
    backend = NativeBackend(MOVE_PTES, base, candidate, CONTRACTS["folio-ad"])
    kinds = set()
    for block in space("x86_64", 1):
        kinds |= {found for found, _ in backend.run(block, 0, block.cases).by_kind}
    assert kind in kinds


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("vma->vm_start & PMD_SIZE", "vma->vm_start"),
        ("vma->vm_flags & VM_LOCKED", "vma->vm_flags & VM_LOCKED"),
        ("IS_ENABLED(CONFIG_NUMA_BALANCING)", "CONFIG_NUMA_BALANCING"),
    ],
)
def test_a_field_that_never_varied_is_no_verdict(asked, field):
    verdict = reviewed("small", f"\t\tif ({asked})\n\t\t\tpte = pte_mksoft_dirty(pte);\n", max_examples=40)
    if verdict.verdict != "diverges":  # where the constant is true, the change is seen
        assert verdict.verdict == "inconclusive"
        assert field in verdict.why
    assert field in verdict.never_varied


def test_the_same_question_in_both_is_none():
    verdict = reviewed("small", "")
    assert verdict.verdict == "no-difference-found"
    assert all("VM_" not in name for name in verdict.never_varied)


def test_a_nested_lazy_section_is_no_finding():
    nested = "\t\tlazy_mmu_mode_enable(); lazy_mmu_mode_disable();\n"
    assert reviewed("7.2", nested, max_examples=100).verdict == "no-difference-found"


def test_a_section_left_open_is_one():
    assert "lock-leak" in reviewed("7.2", "\t\tlazy_mmu_mode_enable();\n", max_examples=100).kinds


CONTPTE = "arch/arm64/mm/contpte.c"
ELIDED = "\tif (!system_supports_bbml2_noabort())\n"


def reviewed_contpte(condition):
    """7.2 against 7.2 whose contpte_convert() flushes under `condition`, on arm64."""
    tree = open_tree(linux("7.2"), MREMAP)
    base, candidate = version(tree), version(edited(tree, {ELIDED: f"\tif ({condition})\n"}, path=CONTPTE))
    for text in (base, candidate):
        text.prepare(["arm64"])
    (verdict,) = review(MOVE_PTES, [(base, candidate)], arch="arm64", max_examples=300)
    base.close()
    candidate.close()
    return verdict


def test_a_feature_of_the_cpu_that_is_never_varied_is_no_verdict():
    verdict = reviewed_contpte("!system_supports_mte()")
    assert verdict.verdict == "inconclusive"
    assert "system_supports_mte()" in verdict.why


@pytest.mark.parametrize(
    ("condition", "kinds"),
    [("!system_supports_bbml2_noabort() || pte_valid(pte)", ()), ("system_supports_bbml2_noabort()", ("stale-tlb",))],
)
def test_the_flush_of_a_contpte_block_is_needless_with_bbml2_only(condition, kinds):
    """Commit 83bbd6be7d17 (v6.17)."""
    verdict = reviewed_contpte(condition)
    assert verdict.kinds == kinds
    assert "system_supports_bbml2_noabort()" not in verdict.never_varied
