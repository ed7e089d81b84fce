# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios with scaled down contpte blocks, with the blocks of a kernel: the same bug, legal, in the same place."""

from dataclasses import replace

import pytest

from pte_review.harness import check
from pte_review.harness.search.real_blocks import with_real_blocks
from pte_review.models.actions import Action, When
from pte_review.models.legal import broken_rules
from pte_review.models.scenario import Folio, Scenario
from tests.kit.moves import as_move
from tests.kit.outcomes import page, pages, scenario, swap


def block(first: int = 0, pfn: int = 0x100, nr: int = 4, **options: object) -> Scenario:
    """A contpte block of four entries, `nr` of which move from entry `first` on."""
    options.setdefault("folios", (Folio(pfn, 2, True, ((1, 4),)),))
    return scenario("arm64", pages("arm64", 0, pfn, ["C"] * 4), at=(first, first, nr), cont_ptes=4, **options)


def test_a_block_grows_with_its_folio():
    real = with_real_blocks(block())
    assert real is not None
    assert (real.config.cont_ptes, real.nr, broken_rules(real)) == (16, 16, ())
    assert as_move(real).old_table == tuple(pages("arm64", 0, 0x400, ["C"] * 16).items())
    assert real.folios == (Folio(0x400, 4, True, ((1, 16),)),)


def test_a_move_of_a_part_stays_where_it_is_in_the_block():
    real = with_real_blocks(block(first=2, nr=1))
    assert real is not None
    assert (as_move(real).old_index, real.nr, len(as_move(real).old_table)) == (2, 1, 16)


def test_what_is_no_block_keeps_its_place_in_the_block():
    """Pages of a small folio and swap entries are no more than they were; so are those in the middle of a block."""
    old = {0: page("arm64", 0x101), 3: swap("arm64", 0, 7), 5: page("arm64", 0x209), 6: page("arm64", 0x20A)}
    s = scenario("arm64", old, at=(0, 0, 7), folios=(Folio(0x101), Folio(0x208, 2)), cont_ptes=4)
    real = with_real_blocks(s)
    assert real is not None
    expected = {0: page("arm64", 0x401), 3: swap("arm64", 0, 7), 17: page("arm64", 0x821), 18: page("arm64", 0x822)}
    assert as_move(real).old_table == tuple(expected.items())
    assert real.nr == 19
    assert real.folios == (Folio(0x401), Folio(0x820, 4))
    assert broken_rules(real) == broken_rules(s) == ()


def test_actions_stay_with_their_entry():
    acts = Action("walk", "old", 3, When("access", "old", 2))
    real = with_real_blocks(replace(block(first=2, nr=2), actions=(acts,)))
    assert real is not None
    assert real.actions == (Action("walk", "old", 15, When("access", "old", 14)),)


@pytest.mark.parametrize(
    "s",
    [
        scenario("x86_64", pages("x86_64", 0, 0x100, [""]), at=(0, 0, 1), folios=(Folio(0x100),), cont_ptes=4),
        scenario("arm64", pages("arm64", 0, 0x100, [""]), at=(0, 0, 1), folios=(Folio(0x100),)),
        scenario("arm64", {}, at=(0, 0, 1), cont_ptes=32),
        scenario("arm64", {}, at=(255, 255, 1), cont_ptes=2),
    ],
    ids=["x86_64", "real already", "larger", "beyond the table"],
)
def test_nothing_to_grow(s: Scenario):
    assert with_real_blocks(s) is None


@pytest.mark.parametrize("candidate", ["v1_stride", "v4"])
def test_what_a_review_shows_on_arm64_can_happen_on_a_kernel(candidate: str):
    """The saved scenario has blocks of 16; the smaller one is beside it, of the same kind."""
    verdict = check("pre_patch", candidate, arch="arm64", max_examples=600)
    assert all(d.scenario.config.cont_ptes == 16 for d in verdict.divergences)
    scaled = [(d.kind, d.scaled.kind, d.scaled.scenario.config.cont_ptes < 16) for d in verdict.divergences if d.scaled]
    assert scaled
    assert all(kind == small and smaller for kind, small, smaller in scaled)
    assert "scaled down" not in "".join(d.reach for d in verdict.divergences)
