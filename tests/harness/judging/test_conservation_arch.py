# SPDX-License-Identifier: GPL-2.0-only
"""What one architecture alone can get wrong: soft-dirty and shadow stacks of x86_64, contpte and RDONLY of arm64."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import arm, bits, x86
from tests.kit.outcomes import FOLIO, found, left, marker, moving, page, pages, scenario, swap

PFN = FOLIO
SHADOW = {"vma": Vma(shadow_stack=True), "shstk": True}

# -- x86_64


@pytest.mark.parametrize("flags", ["", "W", "N"])
def test_soft_dirty_of_a_page(flags):
    s = moving("x86_64", [flags], mem_soft_dirty=True)
    assert found(s, left(s)) == []
    assert found(s, left(s, {0: page("x86_64", PFN, flags)})) == [("soft-dirty-missing", "new", 0)]


def test_soft_dirty_without_the_config_is_a_stray_bit():
    s = moving("x86_64", [""])
    assert found(s, left(s, {0: page("x86_64", PFN, "S")})) == [("other-bits", "new", 0)]


@pytest.mark.parametrize("entry", [swap("x86_64", 3, 5), swap("x86_64", 24, 5), marker("x86_64", 2)])
def test_soft_dirty_of_swap_entries_of_every_kind(entry):
    s = scenario("x86_64", {0: entry}, mem_soft_dirty=True)
    assert found(s, left(s, {0: entry})) == [("soft-dirty-missing", "new", 0)]
    s = scenario("x86_64", {0: entry})
    assert found(s, left(s, {0: entry | 2})) == [("other-bits", "new", 0)]


@pytest.mark.parametrize("stray", ["A", "D", "A D"])
def test_two_none_entries_are_equal_whatever_stray_bits_they_have(stray):
    """Hardware may set accessed and dirty in an entry that is none: skipped untouched in the old range."""
    none = bits("x86_64", stray)
    s = scenario("x86_64", {0: none, 1: page("x86_64", PFN)}, at=(0, 0, 2), folios=(Folio(PFN),))
    assert found(s, left(s, old={0: none})) == []
    assert found(s, left(s, old={0: 0})) == []
    assert found(s, left(s, {0: none})) == []


def test_a_shadow_stack_entry_that_becomes_an_ordinary_one():
    """pte_mkdirty() of Write=0, Dirty=1 moves the dirty bit to SAVED_DIRTY: not writable any more (2.1)."""
    s = scenario("x86_64", {0: x86("P US NX D", PFN)}, folios=(Folio(PFN, 0, True, ((0, 1),)),), **SHADOW)
    assert found(s, left(s, {0: x86("P US NX SAVED_DIRTY", PFN)})) == [("write-lost", "new", 0)]
    s = scenario("x86_64", {0: x86("P US NX SAVED_DIRTY", PFN)}, folios=(Folio(PFN, 0, True, ((0, 1),)),), **SHADOW)
    assert found(s, left(s, {0: x86("P US NX D", PFN)})) == [("write-gained", "new", 0)]


def test_a_shadow_stack_entry_that_anybody_may_write():
    """Writable before and after, to pte_write(); that it is another kind of writable no predicate says."""
    s = scenario("x86_64", {0: x86("P US NX D", PFN)}, folios=(Folio(PFN, 0, True, ((0, 1),)),), **SHADOW)
    assert found(s, left(s, {0: x86("P US NX D RW", PFN)})) == [("other-bits", "new", 0)]


# -- arm64


def test_rdonly_of_a_read_only_entry_is_no_dirty_bit():
    """pte_write() and pte_hw_dirty() both want WRITE (bit 51): without it no predicate reads RDONLY (bit 7)."""
    s = moving("arm64", ["A"])
    assert found(s, left(s, {0: page("arm64", PFN, "A") & ~arm("RDONLY")})) == [("other-bits", "new", 0)]


def test_software_dirty_of_an_entry_that_is_dirty_in_hardware_says_nothing():
    for flags in ({0: page("arm64", PFN, "WD")}, {0: page("arm64", PFN, "WD") & ~arm("DIRTY")}):
        s = moving("arm64", ["WD"])
        assert found(s, left(s, flags)) == []


def test_a_swap_slots_offset_has_a_bit_where_pages_have_cont():
    s = scenario("arm64", {0: swap("arm64", 3, 1 << 40 | 5)})
    assert found(s, left(s, {0: swap("arm64", 3, 5)})) == [("wrong-page", "new", 0), ("entry-lost", "new", 0)]


def block(flags: str, pfn: int = 0x200, first: int = 0) -> dict[int, int]:
    return pages("arm64", first, pfn, [flags] * 16)


def of_block(flags: str, at: tuple[int, int, int] = (0, 0, 16), **options: object):
    options.setdefault("folios", (Folio(0x200, 5, True, ((0, 32),)),))
    return scenario("arm64", block(flags), at=at, **options)


def test_cont_in_the_new_table_is_free_as_long_as_its_block_is_whole():
    s = of_block("W")
    assert found(s, left(s, block("WC"))) == []
    assert found(s, left(s, block("W"))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: {**table, 7: page("arm64", 0x207, "W")},  # one entry is not CONT
        lambda table: {i: pte & ~arm("WRITE") | arm("RDONLY") if i == 3 else pte for i, pte in table.items()},
        lambda table: {**table, 15: 0},
    ],
)
def test_a_block_that_is_not_whole_is_broken(spoil):
    s = of_block("W")
    kinds = found(s, left(s, spoil(block("WC"))))
    assert ("cont-broken", "new", 0) in kinds
    assert {kind for kind, _, _ in kinds} <= {"cont-broken", "write-lost", "entry-lost"}


def test_a_block_at_an_unaligned_page_or_of_two_folios_is_broken():
    odd = scenario("arm64", block("W", 0x201), at=(0, 0, 16), folios=(Folio(0x200, 5, True, ((0, 32),)),))
    assert found(odd, left(odd, block("WC", 0x201))) == [("cont-broken", "new", 0)]
    folios = (Folio(0x200, 3, True, ((0, 8),)), Folio(0x208, 3, True, ((0, 8),)))
    two = of_block("W", folios=folios)
    assert found(two, left(two, block("WC"))) == [("cont-broken", "new", 0)]


def test_a_block_may_differ_in_accessed_and_dirty():
    s = of_block("W")
    mixed = {i: page("arm64", 0x200 + i, "WC") for i in range(16)}
    s = scenario("arm64", {**block("W"), 3: page("arm64", 0x203, "WDA")}, at=(0, 0, 16), folios=s.folios)
    assert found(s, left(s, {**mixed, 3: page("arm64", 0x203, "WDAC")})) == []


def test_a_broken_block_that_was_there_before_is_not_the_versions():
    new = {i: page("arm64", 0x300 + i, "C") for i in (16, 17)}
    s = scenario("arm64", {0: page("arm64", PFN)}, new, folios=(Folio(PFN), Folio(0x310, 4)))
    assert found(s, left(s)) == []


def test_what_was_there_before_beside_the_moved_entry_is_not_the_versions():
    """In the block that the move touches: broken where nothing changed, CONT on an invalid entry that stays."""
    folios = (Folio(PFN), Folio(0x300, 4))
    s = scenario("arm64", {}, {1: page("arm64", 0x301, "C")}, folios=folios)
    assert found(s, left(s)) == []
    s = scenario("arm64", {0: page("arm64", PFN)}, {5: page("arm64", 0x305, "NC")}, folios=folios)
    assert found(s, left(s)) == []


def test_cont_on_an_invalid_entry_is_legal_before_the_move_and_wrong_when_set_by_it():
    s = moving("arm64", ["N"] * 2)
    assert found(s, left(s, {1: page("arm64", PFN + 1, "NC")})) == [("cont-on-invalid", "new", 1)]
    s = moving("arm64", ["NC"] * 2)
    assert found(s, left(s)) == []


def test_a_fold_may_gather_accessed_and_dirty_of_the_folio():
    """Also into entries of the new table's block that lie outside the range, and nowhere else."""
    flags = ["W"] * 15 + ["WDA"]
    s = scenario("arm64", pages("arm64", 0, 0x200, flags), at=(0, 0, 16), folios=(Folio(0x200, 4, True, ((0, 16),)),))
    assert found(s, left(s, block("WDAC"))) == []
    rest = {i: page("arm64", 0x200 + i, "W") for i in range(15)}
    s = scenario(
        "arm64", {15: page("arm64", 0x20F, "WDA")}, rest, at=(15, 15, 1), folios=(Folio(0x200, 4, True, ((0, 16),)),)
    )
    assert found(s, left(s, block("WDAC"))) == []
    apart = {**rest, 14: page("arm64", 0x20E, "DA"), 15: page("arm64", 0x20F, "WDA")}
    assert found(s, left(s, apart)) == [("outside-range", "new", 14)]
