# SPDX-License-Identifier: GPL-2.0-only
"""The final flush, and which translations are still cached when a page-table lock is dropped (6)."""

import pytest

from pte_review.models.machine.kernel import KernelX86_64
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, NEW, OLD, kernel, n, o, page, pages, scenario

FOLIO = (Folio(0x200, 5),)


@pytest.mark.parametrize("lazy", [False, True])
def test_flush_in_lazy_mmu_mode(lazy):
    k = KernelX86_64(scenario("x86_64", {}))
    if lazy:
        k.arch_enter_lazy_mmu_mode()
    k.flush_tlb_range(k.vma, OLD, OLD + 0x3000)  # 6.6: after leaving
    assert bool(k.violations) is lazy
    assert [event for event in k.events if event[0] in ("flush_tlb_range", "T")] == [
        ("flush_tlb_range", OLD, OLD + 0x3000),
        ("T", OLD, OLD + 0x3000),
    ]


STALE = {  # entries 0-2 are cleared, these pages flushed: what is stale at the unlock
    "none flushed": (None, [0, 1, 2]),
    "all": ((0, 3), []),
    "first missing": ((1, 3), [0]),
    "last missing": ((0, 2), [2]),
    "elsewhere": ((3, 9), [0, 1, 2]),
    "more than all": ((-4, 600), []),
}


@pytest.mark.parametrize(("flushed", "stale"), STALE.values(), ids=STALE)
@pytest.mark.parametrize("how", ["clear", "store", "replace"])
def test_stale_translations_at_unlock(flushed, stale, how):
    k = kernel("x86_64", pages("x86_64", 0, 0x200, ["WDA", "", "D"]), folios=FOLIO)
    for i in range(3):
        if how == "clear":
            k.ptep_get_and_clear(1, OLD, o(k, i))
        else:
            k.store(o(k, i), 0 if how == "store" else page("x86_64", 0x300, "W"))
    if flushed:
        k.flush_tlb_range(k.vma, OLD + flushed[0] * 4096, OLD + flushed[1] * 4096)
    k.spin_unlock(1)
    assert sorted(k.stale_at_unlock) == [o(k, i) for i in stale]


@pytest.mark.parametrize("arch", ARCHES)
def test_what_no_tlb_holds_is_never_stale(arch):
    k = kernel(arch, {0: page(arch, 0x200, "N"), 1: page(arch, 0x201, "W"), 2: page(arch, 0x202, "N")}, folios=FOLIO)
    k.ptep_get_and_clear(1, OLD, o(k, 0))  # PROT_NONE is not HW-valid
    k.store(o(k, 1), page(arch, 0x201, "W"))  # unchanged
    k.store(o(k, 2), 0)
    k.set_ptes(1, OLD + 0x3000, o(k, 3), page(arch, 0x208, "W"), 2)
    k.set_pte_at(1, NEW, n(k, 0), page(arch, 0x200, "W"))  # over none
    k.spin_unlock(1)
    assert k.stale_at_unlock == set()


def test_an_rmap_unlock_is_no_end_of_the_window():
    k = kernel("x86_64", {0: page("x86_64", 0x200)}, folios=FOLIO)
    k.take_rmap_locks(Vma())
    k.ptep_get_and_clear(1, OLD, o(k, 0))
    k.drop_rmap_locks(Vma())
    assert k.stale_at_unlock == set()
    k.flush_tlb_range(k.vma, OLD, OLD + 4096)
    k.spin_unlock(1)
    assert k.stale_at_unlock == set()


def test_the_new_tables_addresses_are_flushed_apart():
    k = kernel("x86_64", {0: page("x86_64", 0x200)}, {0: page("x86_64", 0x201)}, folios=FOLIO)
    k.ptep_get_and_clear(1, OLD, o(k, 0))
    k.ptep_get_and_clear(1, NEW, n(k, 0))
    k.flush_tlb_range(k.vma, OLD, OLD + 0x20_0000)
    k.spin_unlock(2)
    assert k.stale_at_unlock == {n(k, 0)}


@pytest.mark.parametrize("arch", ARCHES)
def test_batches_leave_stale_translations_like_single_calls(arch):
    k = kernel(
        arch, pages(arch, 0, 0x200, ["", "W", "N"]), pages(arch, 0, 0x208, ["", "N"]), folios=FOLIO, contpte=False
    )
    k.get_and_clear_full_ptes(1, OLD, o(k, 0), 3, 0)
    k.set_ptes(1, NEW, n(k, 0), page(arch, 0x210, "W"), 3)
    k.spin_unlock(1)
    assert k.stale_at_unlock == {o(k, 0), o(k, 1), n(k, 0)}


@pytest.mark.parametrize("held", [(), (1,), (2,), (1, 2)])
@pytest.mark.parametrize("arch", ARCHES)
def test_batches_are_changed_under_their_lock(arch, held):
    k = kernel(arch, pages(arch, 0, 0x200, ["W", "W"]), folios=FOLIO)
    for lock in {1, 2} - set(held):
        k.spin_unlock(lock)
    k.get_and_clear_full_ptes(1, OLD, o(k, 0), 2, 0)
    assert bool(k.violations) is (1 not in held)
    k.violations.clear()
    k.set_ptes(1, NEW, n(k, 0), page(arch, 0x200, "W"), 2)
    assert bool(k.violations) is (2 not in held)
