# SPDX-License-Identifier: GPL-2.0-only
"""The text of each release and its port do the same on generated scenarios, event by event; the comparison can fail."""

import pytest

from pte_review.harness.subjects.change_pte_range.kernel_text import BINDING
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.kernel_tree.tree import Tree, open_tree
from pte_review.models.native.config_of_tree import config_of_tree
from pte_review.models.native.tree_version import TreeVersion
from tests.kit.build import ARCHES
from tests.kit.fidelity import mismatches
from tests.kit.trees import RELEASES, edited, linux
from tests.subjects.change_pte_range.calls import load

CHUNK = 500
# The port that each release's text is.
RELEASED = {
    "6.12": "v6_12",
    "6.17": "batching",
    "6.18": "batching",
    "6.19": "v6_19",
    "7.1": "small_folios",
    "7.2": "small_folios",
    "7.3": "v7_3",
}
# Whose modify_prot_start_ptes() flushes what erratum 2645198 is about as the machine does: v6.12 asks before it clears,
# v6.17 to v7.1 pass a wrong end of the range.
RIGHT_FLUSH = {"7.2", "7.3"}
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]


def version(tree: Tree) -> TreeVersion:
    return TreeVersion("tree", tree.label, "", BINDING.function, tree, BINDING)


def text(release: str) -> Tree:
    return open_tree(linux(release), BINDING.file)


@pytest.fixture(scope="module")
def compared():
    """mismatches() of a release and a port; versions stay open for the module."""
    versions = {}

    def compare(release, port, arch, count, seed):
        if release not in versions:
            versions[release] = version(text(release))
        config = config_of_tree(versions[release].source)
        if release not in RIGHT_FLUSH:
            config["erratum_2645198"] = False
        return mismatches(load(port), versions[release], arch, count, seed, config, CHANGE_PTE_RANGE.recipe)

    yield compare
    for each in versions.values():
        each.close()


def test_every_release_has_its_port():
    assert RELEASED.keys() == RELEASES.keys()


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("release", RELEASED)
def test_a_release_and_its_port(compared, release, arch, seed):
    assert compared(release, RELEASED[release], arch, CHUNK, seed) == []


@pytest.mark.parametrize(
    ("release", "port"), [("6.17", "as_merged"), ("6.12", "before_batching"), ("6.19", "batching")]
)
def test_the_comparison_tells_versions_apart(compared, release, port):
    assert compared(release, port, "x86_64", CHUNK, 0) != []


CHANGES = {
    "the flush before the commit": (
        "\tmodify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes);\n"
        "\tif (pte_needs_flush(oldpte, ptent))\n\t\ttlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE);\n",
        "\tif (pte_needs_flush(oldpte, ptent))\n\t\ttlb_flush_pte_range(tlb, addr, nr_ptes * PAGE_SIZE);\n"
        "\tmodify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes);\n",
    ),
    "a batch one shorter": ("max_nr_ptes, flags);\n\n\t\t\toldpte", "max_nr_ptes - 1, flags);\n\n\t\t\toldpte"),
    "soft-dirty is kept": (
        "\t\t\t\tentry = make_readable_device_private_entry(\n\t\t\t\t\t\t\tswp_offset(entry));\n"
        "\t\t\t\tnewpte = swp_entry_to_pte(entry);\n",
        "\t\t\t\tentry = make_readable_device_private_entry(\n\t\t\t\t\t\t\tswp_offset(entry));\n"
        "\t\t\t\tnewpte = swp_entry_to_pte(entry);\n"
        "\t\t\t\tif (pte_swp_soft_dirty(oldpte))\n\t\t\t\t\tnewpte = pte_swp_mksoft_dirty(newpte);\n",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_comparison_finds_a_change_of_the_text(change):
    tree = edited(text("6.17"), dict([CHANGES[change]]), BINDING.file)
    other = version(tree)
    config = {**config_of_tree(tree), "erratum_2645198": False, "mem_soft_dirty": True}
    recipe = CHANGE_PTE_RANGE.recipe
    assert mismatches(load("batching"), other, "x86_64", 300, 0, config, recipe) != []
    other.close()
