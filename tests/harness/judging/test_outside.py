# SPDX-License-Identifier: GPL-2.0-only
"""Entries outside both ranges stay what they were; what contpte does to its blocks is not a change."""

import pytest

from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, OLD, bits
from tests.kit.moves import as_move
from tests.kit.outcomes import FOLIO, found, left, page, pages, scenario, swap

FOLIOS = (Folio(FOLIO, 2), Folio(0x200, 5, True, ((0, 32),)))


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("index", [0, 2, 511])
def test_either_table(arch, index):
    s = scenario(arch, {1: page(arch, FOLIO)}, at=(1, 1, 1), folios=FOLIOS)
    assert found(s, left(s, {index: page(arch, 0x105)})) == [("outside-range", "new", index)]
    assert found(s, left(s, old={index: swap(arch, 3, 4)})) == [("outside-range", "old", index)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("after", ["W", "D", "A", None])
def test_bits_of_what_stands_there(arch, after):
    """Accessed and dirty of the same folio included: only a contpte fold may bring them."""
    old = {0: page(arch, FOLIO, "DA"), 1: page(arch, FOLIO + 1)}
    changed = 0 if after is None else page(arch, FOLIO + 1, after)
    s = scenario(arch, old, folios=FOLIOS)
    assert found(s, left(s, old={1: changed})) == [("outside-range", "old", 1)]


def test_none_entries_of_x86_with_stray_bits():
    s = scenario("x86_64", {0: page("x86_64", FOLIO), 5: bits("x86_64", "A")}, folios=FOLIOS)
    assert found(s, left(s, {7: bits("x86_64", "A D")}, {5: 0})) == []


@pytest.mark.parametrize("arch", ARCHES)
def test_one_table_for_both_ranges(arch):
    old = {4: page(arch, FOLIO)}
    s = scenario(arch, old, at=(4, 0, 1), new_addr=OLD + 9 * 4096, folios=FOLIOS)
    assert as_move(s).one_table
    assert found(s, left(s)) == []
    for index in (3, 5, 8, 10):
        assert found(s, left(s, old={index: swap(arch, 3, 4)})) == [("outside-range", "old", index)]


def test_an_unfold_of_an_old_block_spreads_nothing_that_was_not_there():
    """All entries of a contpte block are as young and dirty as any of them: E is unchanged."""
    old = pages("arm64", 0, 0x200, ["WC"] * 15 + ["WDAC"])
    s = scenario("arm64", old, folios=FOLIOS)
    unfolded = pages("arm64", 0, 0x200, ["WDA"] * 16)
    assert found(s, left(s, old={**unfolded, 0: 0})) == []
    still_clean = pages("arm64", 0, 0x200, ["W"] * 16)
    assert {kind for kind, _, _ in found(s, left(s, old={**still_clean, 0: 0}))} == {"outside-range"}


def test_only_the_new_tables_touched_blocks_may_gain():
    new = {15: page("arm64", 0x20F, "W"), 16: page("arm64", 0x210, "W")}
    s = scenario("arm64", {0: page("arm64", 0x200, "WDA")}, new, folios=FOLIOS)
    assert found(s, left(s, {15: page("arm64", 0x20F, "WDA")})) == []
    assert found(s, left(s, {16: page("arm64", 0x210, "WDA")})) == [("outside-range", "new", 16)]


def test_what_a_touched_block_gains_must_come_from_the_folio():
    new = {15: page("arm64", 0x20F, "W")}
    s = scenario("arm64", {0: page("arm64", 0x200, "WA")}, new, folios=FOLIOS)
    assert found(s, left(s, {15: page("arm64", 0x20F, "WA")})) == []
    assert found(s, left(s, {15: page("arm64", 0x20F, "WD")})) == [("outside-range", "new", 15)]


def test_x86_has_no_blocks():
    new = {15: page("x86_64", 0x20F, "W")}
    s = scenario("x86_64", {0: page("x86_64", 0x200, "WDA")}, new, folios=FOLIOS)
    assert found(s, left(s, {15: page("x86_64", 0x20F, "WDA")})) == [("outside-range", "new", 15)]


@pytest.mark.parametrize("table", ["old", "new"])
def test_cont_that_is_set_far_away(table):
    """The MMU takes the word of one entry for sixteen."""
    old = {0: page("arm64", FOLIO), 100: page("arm64", 0x204)}
    s = scenario(
        "arm64", old if table == "old" else {0: old[0]}, {} if table == "old" else {100: old[100]}, folios=FOLIOS
    )
    spoiled = {100: page("arm64", 0x204, "C")}
    assert found(s, left(s, **{table: spoiled}))
