# SPDX-License-Identifier: GPL-2.0-only
"""What CPUs still have cached when a page-table lock is dropped: stale translations, a page at two addresses."""

import pytest

from pte_review.harness.subjects.move_ptes.promise import MovePromise
from pte_review.models.scenario import Folio
from tests.kit.actions import action, by_others, machine, names
from tests.kit.build import ARCHES, NEW, OLD, page

FOLIO = (Folio(0x200, 5, anon=False),)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("now", "stale"),
    [("same", False), ("none", True), ("read-only", True), ("other page", True), ("prot-none", True), ("old", False)],
)
def test_a_translation_that_the_entry_does_not_back_is_stale_at_the_unlock(arch, now, stale):
    """`old`: accessed and dirty of the entry are no permission of the translation."""
    k = machine(arch, {0: page(arch, 0x200, "WDA")}, action("walk", "old 0", "call"), folios=FOLIO)
    k.phase("call")
    k.spin_lock(1)
    k.store(512, {
        "same": page(arch, 0x200, "WDA"), "none": 0, "read-only": page(arch, 0x200, "DA"),
        "other page": page(arch, 0x201, "WDA"), "prot-none": page(arch, 0x200, "N"), "old": page(arch, 0x200, "WD"),
    }[now])  # fmt: skip
    assert "stale" not in names(k)
    k.spin_unlock(1)
    assert (("stale", 1, 512, 0x200) in k.events) is stale
    assert not stale or k.stale_at_unlock == {512}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("cpu", "slot", "breach"), [(2, 0, True), (1, 0, True), (2, 1, False)])
def test_one_page_at_two_addresses_once_both_locks_are_dropped(arch, cpu, slot, breach):
    k = machine(arch, {0: page(arch, 0x200, "A")}, action("walk", "old 0", "call"),
                action("walk", f"new {slot}", "unlocking", cpu), folios=FOLIO)  # fmt: skip
    k.phase("call")
    k.spin_lock(1)
    k.spin_lock(2)
    pte = k.ptep_get_and_clear(1, OLD, 512)
    k.set_pte_at(1, NEW + slot * 4096, 3 * 512 + slot, pte)
    k.spin_unlock(2)
    assert "twice" not in names(k)  # the flush may still come
    k.spin_unlock(1)
    k.spin_lock(1)
    k.spin_unlock(1)
    pair = (512, 3 * 512 + slot)
    assert [e for e in by_others(k) if e[0] == "twice"] == [("twice", 0x200, *pair)]
    assert MovePromise(k.scenario).address_left(pair) == (512 if breach else None)  # the promise says what it is worth


@pytest.mark.parametrize("arch", ARCHES)
def test_two_pages_that_reclaim_has_unmapped_are_not_one(arch):
    actions = (action("reclaim", "old 0", "call"), action("reclaim", "old 1", "call"))
    k = machine(arch, {}, *actions, at=(0, 1, 1), new_addr=OLD + 4096)
    k.phase("call")
    assert names(k) == ["reclaim", "reclaim"]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("pfn", [1, 0x200])
def test_the_zero_page_is_at_many_addresses_anyway(arch, pfn):
    pte = page(arch, pfn, "XA" if pfn == 1 else "A")
    k = machine(arch, {0: pte}, action("walk", "old 0", "call"), action("walk", "new 0", "call"), new={0: pte})
    k.phase("call")
    assert ("twice" in names(k)) is (pfn != 1)
