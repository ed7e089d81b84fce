# SPDX-License-Identifier: GPL-2.0-only
"""The smallest case of each kind: it still diverges, breaks no more rules than it did, and no step makes it smaller."""

from functools import cache

import pytest

from pte_review.harness import check
from pte_review.harness.judging.contracts import CONTRACTS
from pte_review.harness.search.explore import key_of
from pte_review.harness.search.minimise import all_steps
from pte_review.harness.subjects.move_ptes.steps import STEPS
from pte_review.harness.verdict import Divergence
from pte_review.models.config import Config
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import ORDINARY_CONFIG, ORDINARY_VMA, Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES
from tests.kit.moves import as_move, compared, load, minimise
from tests.kit.outcomes import CLEARS, MARKER, marker, move, page, pages, scenario, swap

OCCUPIED = "destination-occupied"
REVIEWS = [
    ("pre_patch", "v4", None),
    ("pre_patch", "refactor", None),
    ("v4", "refactor_keep_old", None),
    ("v4", "refactor_clear_new", None),
    ("v4", "refactor_intended", OCCUPIED),
]


@cache
def reviewed(base: str, candidate: str, hostile: str | None) -> tuple[Divergence, ...]:
    return check(base, candidate, hostile=hostile, max_examples=200).divergences


def smallest(base: str, candidate: str, kind: str, arch: str, hostile: str | None = None) -> Scenario:
    shown = [d for d in reviewed(base, candidate, hostile) if (d.kind, d.arch) == (kind, arch)]
    return next(d.scenario for d in shown if not d.scenario.vma.shadow_stack)


def present(s: Scenario) -> list[tuple[int, bool, bool, bool]]:
    """PFN above the first, write, dirty, young of each old entry."""
    w = s.words
    first = w.pte_pfn(as_move(s).old_table[0][1])
    return [(w.pte_pfn(p) - first, w.pte_write(p), w.pte_dirty(p), w.pte_young(p)) for _, p in as_move(s).old_table]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("kind", "writable"), [("write-gained", [True, False]), ("write-lost", [False, True])])
def test_smear_is_two_entries_of_one_order_2_folio_and_nothing_else(arch, kind, writable):
    s = smallest("pre_patch", "v4", kind, arch)
    assert s.nr == 2
    assert present(s) == [(i, write, False, False) for i, write in enumerate(writable)]
    assert [(f.order, f.anon, f.shared) for f in s.folios] == [(2, True, ())]
    assert (as_move(s).new_table, s.vma, s.config) == ((), ORDINARY_VMA, ORDINARY_CONFIG)
    assert (as_move(s).need_rmap_locks, as_move(s).split_ptlocks, as_move(s).old_maps, as_move(s).new_maps) == (
        False,
        True,
        True,
        True,
    )
    assert (as_move(s).old_index, as_move(s).new_index) == (0, 0)


@pytest.mark.parametrize("arch", ARCHES)
def test_unassigned_read_is_one_entry_that_is_not_present(arch):
    s = smallest("pre_patch", "refactor", "unassigned-read", arch)
    assert (s.nr, len(as_move(s).old_table), as_move(s).new_table, s.folios) == (1, 1, (), ())
    assert s.words.is_swap_pte(as_move(s).old_table[0][1])
    assert s.config == ORDINARY_CONFIG
    assert move("refactor", s).ended == "unassigned-read"


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("kind", ["foreign-entry", "entry-lost"])
def test_a_page_again_in_the_place_of_a_swap_entry(arch, kind):
    s = smallest("pre_patch", "refactor", kind, arch)
    w = s.words
    assert (s.nr, s.vma, s.config, as_move(s).new_table) == (2, ORDINARY_VMA, ORDINARY_CONFIG, ())
    assert [w.pte_present(pte) for _, pte in as_move(s).old_table] == [True, False]
    assert [f.order for f in s.folios] == [0]


@pytest.mark.parametrize("arch", ARCHES)
def test_destination_kept_is_one_marker_over_one_occupied_entry(arch):
    s = smallest("v4", "refactor_intended", "destination-kept", arch, OCCUPIED)
    w = s.words
    assert s.nr == 1
    assert as_move(s).old_table == ((as_move(s).old_index, marker(arch, 1)),)
    assert [i for i, _ in as_move(s).new_table] == [as_move(s).new_index]
    assert s.vma == CLEARS
    assert s.config == ORDINARY_CONFIG
    assert broken_rules(s) == (OCCUPIED,)
    assert (w.swp_type(as_move(s).old_table[0][1]), w.swp_offset(as_move(s).old_table[0][1])) == (MARKER, 1)


@pytest.mark.parametrize("arch", ARCHES)
def test_entry_duplicated_is_one_swap_entry(arch):
    s = smallest("v4", "refactor_keep_old", "entry-duplicated", arch)
    assert (s.nr, as_move(s).old_table, as_move(s).new_table) == (1, ((0, swap(arch, 0, 1)),), ())
    assert (s.vma, s.config, s.folios) == (ORDINARY_VMA, ORDINARY_CONFIG, ())


@pytest.mark.parametrize("arch", ARCHES)
def test_entry_left_behind_is_one_marker(arch):
    s = smallest("v4", "refactor_clear_new", "entry-left-behind", arch)
    assert (s.nr, as_move(s).old_table, as_move(s).new_table) == (1, ((0, marker(arch, 1)),), ())
    assert (s.vma, s.config, s.folios) == (CLEARS, ORDINARY_CONFIG, ())


@pytest.mark.parametrize(("base", "candidate", "hostile"), REVIEWS)
def test_every_result_still_diverges_is_legal_and_cannot_be_made_smaller(base, candidate, hostile):
    base_version, candidate_version = load(base), load(candidate)
    for divergence in reviewed(base, candidate, hostile):
        key = divergence.kind, divergence.by, divergence.scenario.vma.shadow_stack and "write" in divergence.kind

        def fails(s: Scenario, key: tuple[str, str, bool] = key) -> bool:
            comparison = compared(s, base_version, candidate_version, CONTRACTS["folio-ad"])
            return any(key_of(s, d) == key for d in comparison.judgement.differences)

        s = divergence.scenario
        allowed = {hostile} - {None}
        assert fails(s)
        assert set(broken_rules(s)) <= allowed
        smaller = {
            t for step in all_steps(STEPS) for t in step(s) if t != s and set(broken_rules(t)) <= set(broken_rules(s))
        }
        assert not [t for t in smaller if fails(t)], divergence.kind


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_smear_of_a_files_folio_comes_down_to_anonymous_memory(arch, order):
    """Order 1 too, which anonymous folios do not have."""
    file = Vma(vm_file=True, anon_vma=False)
    s = scenario(arch, pages(arch, 0, 0x100, ["W", ""]), at=(0, 0, 2), folios=(Folio(0x100, order, False),), vma=file)
    pair = load("pre_patch"), load("v4")

    def fails(t: Scenario) -> bool:
        comparison = compared(t, *pair, CONTRACTS["folio-ad"])
        return any(d.finding.kind == "write-gained" for d in comparison.judgement.differences)

    assert fails(s)
    result = minimise(s, fails)
    assert [(f.order, f.anon) for f in result.folios] == [(2, True)]
    assert result.vma == ORDINARY_VMA


# -- by hand


def messy(arch: str) -> Scenario:
    """A move that has everything: two folios, swap entries, a marker, an occupied destination outside, options."""
    old = pages(arch, 20, 0x10204, ["WDA", "DA", "WA", "A"]) | {24: swap(arch, 3, 99, "E"), 26: marker(arch, 2)}
    old |= pages(arch, 28, 0x20000, ["A", "D"])
    new = {99: page(arch, 0x30000, "DA")}
    folios = (Folio(0x10200, 4, True, ((4, 5), (6, 7))), Folio(0x20000, 2), Folio(0x30000, 0))
    return scenario(
        arch, old, new, at=(18, 31, 14), folios=folios, vma=Vma(uffd=True), debug_vm=True, need_rmap_locks=True,
        split_ptlocks=False, page_table_check=True,
    )  # fmt: skip


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("fails", "entries", "nr"),
    [
        (lambda s: True, 0, 1),
        (lambda s: any(s.words.is_swap_pte(pte) for _, pte in as_move(s).old_table), 1, 1),
        (lambda s: len(as_move(s).old_table) >= 3, 3, 1),
        (lambda s: s.nr >= 5, 0, 5),
        (lambda s: sum(s.words.pte_write(pte) for _, pte in as_move(s).old_table) == 2, 2, 1),
    ],
)
def test_a_messy_scenario_comes_down_to_what_fails(arch, fails, entries, nr):
    result = minimise(messy(arch), fails)
    assert fails(result)
    assert broken_rules(result) == ()
    assert (len(as_move(result).old_table) + len(as_move(result).new_table), result.ranges[0].nr) == (entries, nr)
    assert (result.vma, result.config, as_move(result).need_rmap_locks) == (ORDINARY_VMA, ORDINARY_CONFIG, False)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("fails", "option", "value"),
    [
        (lambda s: s.config.debug_vm, "config", Config(debug_vm=True)),
        (lambda s: s.vma.uffd, "vma", Vma(uffd=True)),
        (lambda s: as_move(s).need_rmap_locks, "need_rmap_locks", True),
        (lambda s: not as_move(s).split_ptlocks, "split_ptlocks", False),
    ],
)
def test_an_option_stays_when_the_failure_needs_it(arch, fails, option, value):
    result = minimise(messy(arch), fails)
    assert getattr(result if option in ("config", "vma") else as_move(result), option) == value


@pytest.mark.parametrize("arch", ARCHES)
def test_no_rule_is_broken_on_the_way(arch):
    """A failure that an illegal table shows more easily does not lead there."""
    start = messy(arch)
    assert broken_rules(start) == ()
    seen: list[Scenario] = []

    def fails(s: Scenario) -> bool:
        seen.append(s)
        return any(s.words.pte_present(pte) and s.words.pte_write(pte) for _, pte in as_move(s).old_table)

    result = minimise(start, fails)
    assert all(broken_rules(s) == () for s in seen)
    assert present(result) == [(0, True, False, False)]
    assert result.folios == (Folio(0x100, 2, True, ((0, 1),)),) or result.folios == (Folio(0x100, 0, True, ((0, 1),)),)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("arch", ARCHES)
def test_what_does_not_fail_smaller_stays_as_it_is(arch):
    start = messy(arch)
    assert minimise(start, lambda s: s == start) == start


def test_small_tables_of_another_kernel_become_ordinary_ones():
    s = scenario("arm64", {2: swap("arm64", 1, 7)}, at=(2, 3, 1), cont_ptes=4, ptrs_per_pte=8)
    result = minimise(s, lambda t: bool(as_move(t).old_table))
    assert (result.config, as_move(result).old_table, result.nr) == (ORDINARY_CONFIG, ((0, swap("arm64", 0, 1)),), 1)


def test_a_contpte_block_goes_as_a_whole():
    """Halves of three blocks are no blocks, and no entry of a block can go alone."""
    old = pages("arm64", 0, 0x100, ["C"] * 6)
    s = scenario("arm64", old, (), at=(0, 0, 2), folios=(Folio(0x100, 3),), cont_ptes=2)
    block = as_move(s).old_table[:2]
    result = minimise(s, lambda t: as_move(t).old_table[:2] == block)
    assert broken_rules(s) == broken_rules(result) == ()
    assert as_move(result).old_table == block
