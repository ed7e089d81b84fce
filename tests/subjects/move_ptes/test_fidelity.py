# SPDX-License-Identifier: GPL-2.0-only
"""Kernel text and its port do the same on generated scenarios, event by event; and the comparison can fail."""

from dataclasses import replace

import pytest

from pte_review.models.kernel_tree.tree import open_tree
from pte_review.models.native.config_of_tree import config_of_tree
from tests.kit.build import page, scenario, swap
from tests.kit.fidelity import mismatches, same
from tests.kit.little_tree import MREMAP
from tests.kit.moves import load, run
from tests.kit.trees import RELEASES, ROOT, edited, linux, small, version

ARCHES = ("x86_64", "arm64")
CHUNK = 500
FIXED = str(ROOT / "models" / "move_ptes" / "history" / "v4_fixed.py")
PORTS = {"batching": FIXED, "odd": "v4"}
# What the small trees are not: commit 093ae7a033cf, and the backport of 6.12.y.
V616 = {"bbml2_noabort": False, "contpte_get_stops_early": False, "contpte_set_guards_invalid": False}
# Text without the VM_WARN_ON_ONCE() that its port has.
UNWARNED = {"odd", "6.12"}


def own(tree: str, config: dict[str, bool]) -> dict[str, bool]:
    return {**config, "debug_vm": False} if tree in UNWARNED else config


@pytest.fixture(scope="module")
def compared():
    """mismatches() of a port and a tree, which stay open for the module."""
    versions = {}

    def compare(port, key, tree, arch, count, seed, config):
        if key not in versions:
            versions[key] = version(tree())
        return mismatches(load(port), versions[key], arch, count, seed, config)

    yield compare
    for one in versions.values():
        one.close()


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("tree", "seed"), [("batching", 0), ("batching", 1), ("odd", 0)])
def test_a_small_tree_and_the_port_it_was_written_from(compared, tree, arch, seed):
    assert compared(PORTS[tree], tree, lambda: small(tree), arch, CHUNK, seed, own(tree, V616)) == []


# The port that each release's text is.
RELEASED = {
    "6.12": "pre_patch",
    "6.17": "v4_batch_hint",
    "6.18": "v4_fixed",
    "6.19": "v4_fixed",
    "7.1": "v4_fixed",
    "7.2": "v4_fixed",
    "7.3": "v7_3",
}

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]


def test_every_release_has_its_port():
    assert RELEASED.keys() == RELEASES.keys()


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("release", RELEASED)
def test_a_release_and_its_port(compared, release, arch, seed):
    tree = open_tree(linux(release), MREMAP)
    config = own(release, config_of_tree(tree))
    assert compared(RELEASED[release], release, lambda: tree, arch, CHUNK, seed, config) == []


SWAPS = {
    "the clearing before the look": (
        "\t\tpte = get_and_clear_full_ptes(mm, from, src, nr, 0);\n\t\tpte = move_pte(pte, from, to);\n",
        "\t\tpte = move_pte(seen, from, to);\n\t\tget_and_clear_full_ptes(mm, from, src, nr, 0);\n",
    ),
    "two locks": (
        "\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n\tpte_unmap(dst - 1);\n",
        "\tpte_unmap(dst - 1);\n\tif (new_lock != old_lock)\n\t\tspin_unlock(new_lock);\n",
    ),
    "the flush": (
        "\tarch_leave_lazy_mmu_mode();\n\tif (flush)\n\t\tflush_tlb_range(vma, end - bytes, end);\n",
        "\tif (flush)\n\t\tflush_tlb_range(vma, end - bytes, end);\n\tarch_leave_lazy_mmu_mode();\n",
    ),
    "a batch one shorter": ("batch_length(vma, from, src, seen, most)", "batch_length(vma, from, src, seen, most - 1)"),
}


@pytest.mark.parametrize("change", SWAPS)
def test_the_comparison_finds_a_change_of_the_text(change):
    text = version(edited(small(), dict([SWAPS[change]])))
    assert len(mismatches(load(FIXED), text, "arm64", 30, 0, V616)) > 0
    text.close()


def test_the_comparison_finds_a_swapped_call_of_the_port(tmp_path):
    port = (ROOT / "models" / "move_ptes" / "history" / "v4_fixed.py").read_text()
    lines = "    k.pte_unmap(new_ptep - 1)\n    k.pte_unmap_unlock(old_ptep - 1, old_ptl)\n"
    assert port.count(lines) == 1
    candidate = tmp_path / "swapped.py"
    candidate.write_text(port.replace(lines, "".join(reversed(lines.splitlines(keepends=True)))))
    text = version(small())
    found = mismatches(load(str(candidate)), text, "x86_64", 30, 0, V616)
    text.close()
    assert len(found) == sum("event" in one for one in found) > 20
    assert "a: spin_unlock(1), pte_unmap(" in found[0]
    assert "b: pte_unmap(" in found[0]


# What same() says.


@pytest.fixture
def outcome():
    what = scenario("x86_64", {0: page("x86_64", 0x200, "W"), 1: swap("x86_64", 3, 8)}, at=(0, 0, 2))
    return run(what, load("pre_patch"))


def test_same(outcome):
    assert same(outcome, outcome) is None
    assert same(outcome, replace(outcome, why="elsewhere")) is None


def test_set_pte_at_is_set_ptes_of_one(outcome):
    events = tuple(("set_ptes", *e[1:], 1) if e[0] == "set_pte_at" else e for e in outcome.events)
    assert events != outcome.events
    assert same(outcome, replace(outcome, events=events)) is None
    two = tuple(("set_ptes", *e[1:], 2) if e[0] == "set_pte_at" else e for e in outcome.events)
    assert "set_ptes(0x80000000, 1536, " in same(outcome, replace(outcome, events=two))


def test_same_says_what_differs_first(outcome):
    assert same(outcome, replace(outcome, returned=-11)) == "returned: a: 0, b: -11"
    assert same(outcome, replace(outcome, tables=(outcome.tables[0], (7, *outcome.tables[1][1:])))).endswith("b: 0x7")
    assert same(outcome, replace(outcome, events=outcome.events[:-1])).endswith("b: no event more")
    assert same(outcome, replace(outcome, events=())).startswith("event 0, after nothing\n  a: pte_offset_map_lock(")
    assert same(outcome, replace(outcome, held=(1,))) == "held: a: (), b: (1,)"
