# SPDX-License-Identifier: GPL-2.0-only
"""What others do to versions that are right: nothing to find, however odd the moment, on both architectures."""

import pytest

from pte_review.harness.judging.findings import findings_of
from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.actions import PHASES
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.actions import action, names
from tests.kit.build import ARCHES, OLD, arm, page, pages, scenario
from tests.kit.moves import load, run

RIGHT = ("pre_patch", "v4_fixed")
FILE = {"vma": Vma(vm_file=True, anon_vma=False), "folios": (Folio(0x200, 5, anon=False),), "ptrs_per_pte": 32}


def found(s: Scenario) -> list[str]:
    assert broken_rules(s) == ()
    return [f"{name}: {f}" for name in RIGHT for f in findings_of(MovePromise(s), run(s, load(name)))]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("phase", PHASES)
def test_an_update_of_the_zero_page_is_that_of_the_slot_it_happened_in(arch, at, phase):
    """The page stands in every slot: accessed of one is not accessed of another."""
    table = "old" if phase in ("call", "locking", "locked") else "new"
    zero = page(arch, 1, "X")
    s = scenario(arch, dict.fromkeys(range(3), zero), at=(0, 0, 3), actions=(action("walk", f"{table} {at}", phase),))
    assert found(s) == []
    after = MovePromise(s).with_actions(run(s, load("pre_patch"))).want
    assert [s.words.pte_young(pte) for pte in after] == [i == at for i in range(3)]


@pytest.mark.parametrize("flags", [["WAC"] * 4, ["WC", "WC", "WDC", "WAC"]])
@pytest.mark.parametrize("second", [0, 1, 3])
@pytest.mark.parametrize("options", [{}, {"new_maps": False}, {"at": (1, 4, 2)}, {"at": (0, 2, 4)}, {"at": (2, 1, 2)}])
def test_a_store_that_only_another_entry_of_the_block_tells(flags, second, options):
    """The first store makes the contiguous translation dirty; the second leaves its own entry clean."""
    options = {"at": (0, 0, 4), **options}
    first = options["at"][0]
    for phase in PHASES:
        actions = (action("write", f"old {2 - first}", "call"), action("write", f"old {second - first}", phase))
        s = scenario("arm64", pages("arm64", 0, 0x200, flags), cont_ptes=4, actions=actions, **FILE, **options)
        assert found(s) == []


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("actor", ["walk", "write", "gup", "mkclean"])
@pytest.mark.parametrize("place", ["old -1", "old 2", "new -1", "new 2", "old 0", "new 1"])
@pytest.mark.parametrize("one_table", [False, True])
def test_any_moment_in_the_range_and_around_it(arch, actor, place, one_table):
    old = pages(arch, 3, 0x203, ["WA", "WDA", "W", "D"])
    new = pages(arch, 19, 0x213, ["W"]) | pages(arch, 22, 0x216, ["WDA"])
    options = {"at": (4, 20, 2)}
    tables = (old | new, None) if one_table else (old, new)
    if one_table:
        options["new_addr"] = OLD + 20 * 4096
    for when in (*PHASES, "old 0 1", "new 1 1", "old -1 1", "new 2 3", "old 1 999"):
        actions = (action(actor, place, when), action("write", "old 0", "returned", 0), action(actor, place, when))
        s = scenario(arch, *tables, actions=actions, need_rmap_locks=place == "new 1", **FILE, **options)
        assert found(s) == []


def test_the_block_of_the_test_above_is_one_translation():
    s = scenario("arm64", pages("arm64", 0, 0x200, ["WAC"] * 4), at=(0, 0, 4), cont_ptes=4, **FILE,
                 actions=(action("write", "old 2", "call"), action("write", "old 3", "call")))  # fmt: skip
    outcome = run(s, load("pre_patch"))
    assert names(outcome) == ["walk", "hw", "write", "write"]
    assert all(not pte & arm("RDONLY") for pte in outcome.tables[1][:4])


def test_an_entry_beside_the_range_that_is_cleaned_and_folded_again():
    """mkclean() of the last entry of a read-only block folds it again, and dirty of the other entry is gathered."""
    old = pages("arm64", 2, 0x202, ["DC", "DC"])
    s = scenario("arm64", old, at=(2, 2, 1), folios=(Folio(0x200, 2),), cont_ptes=2,
                 actions=(action("mkclean", "old 1", "call"),))  # fmt: skip
    assert names(run(s, load("pre_patch"))) == ["mkclean"]
    assert found(s) == []
