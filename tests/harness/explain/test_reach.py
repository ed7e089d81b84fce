# SPDX-License-Identifier: GPL-2.0-only
"""How far a scenario is reachable: by the recipe of kernel-semantics 10, under a config, or from a broken rule only."""

import dataclasses

import pytest

from pte_review.harness.explain.reach import reach as reach_of
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.actions import action
from tests.kit.build import ARCHES, OLD, x86
from tests.kit.outcomes import CLEARS, FOLIO, KEEPS, MARKER, moving, page, pages, scenario, swap
from tests.programs import reached

UNTRIED = dataclasses.replace(MOVE_PTES.words, reached={})


def reach(s: Scenario) -> str:
    """As if no recipe had been tried, and without saying so."""
    text = reach_of(s, UNTRIED)
    return text.removesuffix("; not tried on a kernel").replace(" (not tried on a kernel)", "")


BY = "by system calls in one VMA: "
FILE = {"vma": Vma(vm_file=True, anon_vma=False), "folios": (Folio(FOLIO, 2, False),)}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flags", "options", "recipes"),
    [  # rows R1 to R17 of the table
        (["", ""], {}, ["map, touch, mremap"]),
        (["W", ""], {}, ["MADV_DONTFORK on the rest, fork, MADV_DOFORK, mremap", "(v6.15)"]),
        (["W", ""], FILE, ["MAP_SHARED file with large folios, some pages written"]),
        (["D", ""], {}, ["MADV_FREE, then one page written"]),
        (["A", ""], {}, ["page ageing, then one page touched"]),
        (["U", ""], {"vma": KEEPS}, ["UFFDIO_WRITEPROTECT of a part"]),
        (["N", ""], {}, ["mprotect(PROT_NONE) or NUMA balancing"]),
        (["WDA", "A"], {}, ["part of a large folio shared", "(v6.15)", "MADV_FREE"]),
    ],
)
def test_what_differs_inside_a_folio(arch, flags, options, recipes):
    assert_recipes(reach(moving(arch, flags, **options)), recipes)


def assert_recipes(text: str, recipes: list[str]) -> None:
    assert text.startswith(BY)
    parts = text.removeprefix(BY).split("; ")
    assert len(parts) == len(recipes), text
    assert all(recipe in part for recipe, part in zip(recipes, parts, strict=True)), text


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("type_", "offset", "vma", "recipes"),
    [
        (0, 5, Vma(), ["swap-out"]),
        (23, 5, Vma(), ["swap-out"]),
        (24, 5, Vma(), ["memory failure or an HMM driver"]),
        (25, 5, Vma(), ["while a page migrates"]),
        (27, 5, Vma(), ["while a page migrates"]),
        (28, 5, Vma(), ["memory failure or an HMM driver"]),
        (30, 5, Vma(), ["memory failure or an HMM driver"]),
        (MARKER, 1, KEEPS, ["UFFDIO_WRITEPROTECT of unpopulated memory"]),
        (
            MARKER,
            1,
            CLEARS,
            ["UFFDIO_WRITEPROTECT of unpopulated memory", "userfaultfd without UFFD_FEATURE_EVENT_REMAP"],
        ),
        (MARKER, 2, Vma(), ["UFFDIO_POISON or MADV_GUARD_INSTALL"]),
        (MARKER, 4, Vma(), ["UFFDIO_POISON or MADV_GUARD_INSTALL"]),
        (0, 5, CLEARS, ["swap-out", "userfaultfd without UFFD_FEATURE_EVENT_REMAP"]),
    ],
)
def test_entries_that_are_not_present(arch, type_, offset, vma, recipes):
    assert_recipes(reach(scenario(arch, {0: swap(arch, type_, offset)}, vma=vma)), recipes)


def test_two_of_a_kind_are_told_once():
    s = scenario("x86_64", {0: swap("x86_64", 0, 5), 1: swap("x86_64", 0, 6)}, at=(0, 0, 2))
    assert reach(s) == f"{BY}swap-out"


def test_a_part_unfolded_before():
    s = scenario("arm64", pages("arm64", 0, 0x200, ["C"] * 16 + [""]), at=(0, 0, 17), folios=(Folio(0x200, 5),))
    assert reach(s) == f"{BY}a part unfolded before"


def test_shadow_stack():
    shadow = {"vma": Vma(shadow_stack=True), "shstk": True, "folios": (Folio(FOLIO, 2, True, ((0, 4),)),)}
    s = scenario("x86_64", {0: x86("P US NX D", FOLIO), 1: x86("P US NX D", FOLIO + 1)}, at=(0, 0, 2), **shadow)
    under = "by system calls in one VMA, under user shadow stacks (X86_FEATURE_SHSTK): "
    assert reach(s) == under + "a shadow stack in a large folio"


@pytest.mark.parametrize(
    ("arch", "config", "under"),
    [
        ("x86_64", {"mem_soft_dirty": True}, "CONFIG_MEM_SOFT_DIRTY=y"),
        ("x86_64", {"debug_vm": True}, "CONFIG_DEBUG_VM=y"),
        ("arm64", {"page_table_check": True}, "CONFIG_PAGE_TABLE_CHECK=y"),
        ("arm64", {"contpte": False}, "CONFIG_ARM64_CONTPTE=n"),
        ("arm64", {"cont_ptes": 4}, "CONT_PTES scaled down to 4 (16 with 4K pages)"),
        ("x86_64", {"pte_marker_uffd_wp": False}, "CONFIG_PTE_MARKER_UFFD_WP=n"),
        ("arm64", {"contpte_get_stops_early": True}, "093ae7a033cf (v6.17)"),
        ("arm64", {"debug_vm": True, "page_table_check": True}, "CONFIG_DEBUG_VM=y, CONFIG_PAGE_TABLE_CHECK=y"),
    ],
)
def test_under_a_config(arch, config, under):
    assert reach(moving(arch, [""], **config)) == f"by system calls in one VMA, under {under}: map, touch, mremap"


def broken(arch: str) -> dict[str, Scenario]:
    """One scenario for each rule that can be broken by one or two entries of any architecture."""
    shared, single = (Folio(FOLIO, 2),), (Folio(0x200),)
    return {
        "destination-occupied": scenario(arch, {}, {0: page(arch, 0x200)}, folios=single),
        "page-mapped-twice": scenario(arch, dict.fromkeys((0, 1), page(arch, 0x200)), at=(0, 0, 2), folios=single),
        "write-without-exclusive": moving(arch, ["W"], folios=shared),
        "write-with-uffd-wp": moving(arch, ["WU"], vma=KEEPS),
        "uffd-wp-unregistered": moving(arch, ["U"]),
        "mixed-marker": scenario(arch, {0: swap(arch, MARKER, 3)}, vma=KEEPS),
        "stray-special": moving(arch, ["X"]),
        "bad-pfn": scenario(arch, {0: page(arch, 1 << 30)}),
        "overlap": moving(arch, ["", "", ""], new_addr=OLD + 4096),
    }  # fmt: skip


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("rule", broken("x86_64"))
def test_a_broken_rule_is_named(arch, rule):
    text = reach(broken(arch)[rule])
    assert text.startswith("only from a table that breaks ")
    assert rule in text


def test_a_shape_that_no_table_has():
    s = scenario("arm64", {0: page("arm64", 0x100)})  # a page without a folio
    assert reach(s) == "only from a table that breaks the shape of its architecture's entries"


TRIED = dataclasses.replace(MOVE_PTES.words, reached={"swap-out": "6.1 and 7.3, arm64"})


@pytest.mark.parametrize(
    ("build", "how"),
    [
        (lambda: scenario("arm64", {0: swap("arm64", 0, 5)}), "swap-out; reached on 6.1 and 7.3, arm64"),
        (lambda: moving("arm64", [""]), "map, touch, mremap; not tried on a kernel"),
        (
            lambda: scenario("arm64", {0: swap("arm64", 0, 5), 1: swap("arm64", 25, 9)}, at=(0, 0, 2)),
            "swap-out (reached on 6.1 and 7.3, arm64); while a page migrates (not tried on a kernel)",
        ),
        (
            lambda: scenario("arm64", {0: swap("arm64", 0, 5)}, actions=(action("write", "old 0", "call"),)),
            "swap-out (reached on 6.1 and 7.3, arm64); while others act as listed",
        ),
    ],
)
def test_on_which_kernels_a_state_was_reached(build, how):
    assert reach_of(build(), TRIED) == BY + how


def test_with_a_config_that_was_not_tried():
    s = scenario("arm64", {0: swap("arm64", 0, 5)}, debug_vm=True)
    how = "swap-out; reached on 6.1 and 7.3, arm64, under the usual config"
    assert reach_of(s, TRIED) == f"by system calls in one VMA, under CONFIG_DEBUG_VM=y: {how}"


@pytest.mark.parametrize("states", reached.ALL, ids=lambda states: states.subject.name)
def test_every_recipe_that_was_tried_is_one(states):
    """And the program that tries them has a state for each."""
    assert set(states.subject.words.reached) <= set(states.of_recipes)
    assert all(states.text_of(recipe, arch) for recipe in states.of_recipes for arch in ARCHES)


def test_every_state_of_a_move_was_reached():
    assert set(MOVE_PTES.words.reached) == set(reached.OF_MOVES)


def test_how_the_table_is_written():
    both = {("7.3.4", "arm64"), ("7.3.4", "x86_64"), ("6.17.13", "arm64"), ("6.17.13", "x86_64")}
    assert reached.phrase(both) == "6.17.13 and 7.3.4, arm64 and x86_64"
    assert reached.phrase(both - {("7.3.4", "arm64")}) == "6.17.13, arm64; 6.17.13 and 7.3.4, x86_64"
    text = reached.table(
        reached.ALL[0], {recipe: both if recipe == "swap-out" else set() for recipe in reached.OF_MOVES}
    )
    names: dict[str, dict[str, str]] = {}
    exec(text, names)
    assert names["REACHED"] == {"swap-out": reached.phrase(both)}
