# SPDX-License-Identifier: GPL-2.0-only
"""The bugs of history, each on the smallest table that its description gives, next to the versions beside it."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, OLD, calls, move, page, pages, scenario, swap

FOLIO = (Folio(0x200, 2),)
BATCHES = ("v1_stride", "v2_stale_nr", "v4")


def cont(*, nr=4, **options):
    """arm64: `nr` entries from the start of a contpte block of four."""
    return scenario("arm64", pages("arm64", 0, 0x200, ["C"] * 4), at=(0, 0, nr), folios=FOLIO, cont_ptes=4, **options)


# -- v1: a batch, then a step of one


@pytest.mark.parametrize(("version", "passes"), [("v1_stride", 4), ("v2_stale_nr", 1), ("v4", 1)])
def test_v1_visits_every_entry_of_a_batch(version, passes):
    quiet, loud = move(version, cont()), move(version, cont(debug_vm=True))
    assert quiet.tables[1] == move("pre_patch", cont()).tables[1]  # final state right
    assert calls(quiet, "get_and_clear_full_ptes") == 1
    reads = [event for event in loud.events if event[0] == "R.debug_vm" and event[1] >= 3 * 512]
    assert len(reads) == 4 + passes  # 5.2: one an entry that is stored, and one a pass
    assert loud.warnings == (("VM_WARN_ON_ONCE",) if passes > 1 else ())


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("version", "batches"), [("v1_stride", 0), ("v2_stale_nr", 1), ("v4", 1)])
def test_v1_batches_nothing_but_contpte_entries(version, batches, arch):
    what = scenario(arch, pages(arch, 0, 0x200, ["", ""]), at=(0, 0, 2), folios=FOLIO, debug_vm=True)
    outcome = move(version, what)
    assert (calls(outcome, "folio_pte_batch"), outcome.warnings) == (batches, ())


@pytest.mark.parametrize("arch", ARCHES)
def test_what_v1_takes_for_contiguous_is_a_gap_of_page_size(arch):
    what = scenario(arch, {0: page(arch, 0x200), 1: page(arch, 0x1200)}, at=(0, 0, 2), folios=FOLIO)
    assert calls(move("v1_stride", what), "folio_pte_batch") == 1
    assert calls(move("v2_stale_nr", what), "folio_pte_batch") == 0


@pytest.mark.parametrize("version", ["v1_stride", "v2_stale_nr"])
def test_one_entry_is_not_asked_for_its_neighbour(version):
    what = scenario("x86_64", {511: page("x86_64", 0x200)}, at=(511, 0, 1), folios=FOLIO)
    outcome = move(version, what)
    assert (outcome.ended, calls(outcome, "pte_batch_hint"), calls(outcome, "ptep_get")) == ("returned", 0, 1)


# -- v2: nr of the last batch


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("after", "left"),
    [  # what follows a batch of two, from entry 2 on, and what of it stays behind
        ([None, "W"], {3}),
        ([None, None, "W"], set()),
        ([None, None, None, "W"], {5}),
        ([None, "W", "W"], {3}),
        ([None, None, "W", None, "W"], set()),  # a present entry sets nr anew
    ],
)
def test_v2_steps_over_as_many_as_the_last_batch_had(arch, after, left):
    entries = {i: page(arch, 0x400 + 8 * i, flags) for i, flags in enumerate(after, 2) if flags is not None}
    entries |= pages(arch, 0, 0x200, ["", ""])
    what = scenario(arch, entries, at=(0, 0, 2 + len(after)), folios=FOLIO)
    for version in BATCHES:
        outcome = move(version, what)
        stayed = {i for i, pte in enumerate(outcome.tables[0]) if pte}
        assert stayed == (left if version == "v2_stale_nr" else set())
        assert {i for i, pte in enumerate(outcome.tables[1]) if pte} == set(entries) - stayed


@pytest.mark.parametrize("arch", ARCHES)
def test_v2_moves_a_swap_entry_as_a_batch_too(arch):
    """Not in the review: `nr` is stale for every entry that is not present, none or not."""
    entries = pages(arch, 0, 0x200, ["", ""]) | {2: swap(arch, 0, 7), 3: page(arch, 0x400)}
    what = scenario(arch, entries, at=(0, 0, 4), folios=(*FOLIO, Folio(0x400)))
    outcome = move("v2_stale_nr", what)
    assert ("get_and_clear_full_ptes", OLD + 2 * 4096, 512 + 2, 2, 0) in outcome.events
    assert outcome.tables[0][2:4] == (0, 0)
    assert entries[3] not in outcome.tables[1]  # the page behind it is gone
    assert {what.partition("(")[0] for what in outcome.violations} == {"get_and_clear_full_ptes", "set_ptes"}
    assert move("v4", what).violations == ()


# -- uffd-wp


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("event_remap", [False, True])
def test_uffd_wp_moves_along_in_all_three_encodings(arch, event_remap):
    entries = {0: page(arch, 0x200, "U"), 1: swap(arch, 0, 7, "F"), 2: swap(arch, 31, 1)}
    vma = Vma(uffd=True, uffd_event_remap=event_remap)
    what = scenario(arch, entries, at=(0, 0, 3), folios=FOLIO, vma=vma)
    assert move("before_uffd_wp_clear", what).tables[1][:3] == tuple(entries.values())
    cleared = (page(arch, 0x200), swap(arch, 0, 7), 0)
    assert move("pre_patch", what).tables[1][:3] == (tuple(entries.values()) if event_remap else cleared)


# -- the TLB


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("flags", "split_ptlocks", "stale"),
    [  # who drops a lock while the old translation is cached; of pre_patch and of each other's
        ("", True, {"before_flush_under_ptl", "before_dirty_flush"}),
        ("", False, {"before_flush_under_ptl", "before_dirty_flush"}),
        ("WD", True, {"before_flush_under_ptl", "before_dirty_flush"}),  # the new lock is dropped first
        ("WD", False, {"before_dirty_flush"}),  # 5d1904204c99
        ("ND", True, set()),  # nothing caches a PROT_NONE entry
    ],
)
def test_which_entries_are_flushed_late(arch, flags, split_ptlocks, stale):
    what = scenario(arch, {0: page(arch, 0x200, flags)}, folios=FOLIO, split_ptlocks=split_ptlocks)
    for version in ("pre_patch", "before_flush_under_ptl", "before_dirty_flush"):
        outcome = move(version, what)
        assert outcome.stale == ((512,) if version in stale else ())
        assert outcome.tables[1] == move("pre_patch", what).tables[1]
        assert (calls(outcome, "flush_tlb_range"), outcome.held) == (1, ())


def test_one_dirty_entry_spares_the_callers_flush():
    """Clean and dirty together: the whole extent is flushed under the old lock."""
    entries = pages("x86_64", 0, 0x200, ["", "WD"])
    what = scenario("x86_64", entries, at=(0, 0, 2), folios=FOLIO, split_ptlocks=False)
    assert move("before_flush_under_ptl", what).stale == ()
    assert move("before_dirty_flush", what).stale == (512, 513)
