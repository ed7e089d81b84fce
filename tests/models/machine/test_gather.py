# SPDX-License-Identifier: GPL-2.0-only
"""mmu_gather: a range that grows, and one flush when the caller is done (3.5)."""

import pytest

from pte_review.models.machine.gather import MmuGather
from tests.kit.build import ARCHES, OLD, kernel, n, o, page

PAGE = 4096


@pytest.fixture(params=ARCHES)
def k(request):
    """Entries 0, 3 and 9 have been changed; a CPU may hold what they were."""
    machine = kernel(request.param, {i: page(request.param, 0x200 + i, "W") for i in (0, 3, 9)}, contpte=False)
    for i in (0, 3, 9):
        machine.ptep_get_and_clear(1, OLD + i * PAGE, o(machine, i))
    machine.events.clear()
    return machine


def test_nothing_to_flush(k):
    k.tlb_finish_mmu(k.gather)
    assert k.events == []
    assert k.stale == {o(k, 0), o(k, 3), o(k, 9)}


def test_the_flush_comes_when_the_caller_is_done(k):
    k.tlb_change_page_size(k.gather, PAGE)
    k.tlb_flush_pte_range(k.gather, OLD + 3 * PAGE, PAGE)
    assert k.stale == {o(k, 0), o(k, 3), o(k, 9)}
    k.tlb_finish_mmu(k.gather)
    assert k.stale == {o(k, 0), o(k, 9)}
    assert k.events == [
        ("tlb_flush_pte_range", OLD + 3 * PAGE, PAGE),
        ("tlb_finish_mmu", OLD + 3 * PAGE, OLD + 4 * PAGE),
        ("T", OLD + 3 * PAGE, OLD + 4 * PAGE),
    ]


def test_one_range_from_the_lowest_to_the_highest(k):
    """__tlb_adjust_range(): what lies between is flushed as well."""
    k.tlb_flush_pte_range(k.gather, OLD + 9 * PAGE, PAGE)
    k.tlb_flush_pte_range(k.gather, OLD, 2 * PAGE)
    k.tlb_finish_mmu(k.gather)
    assert k.events[-1] == ("T", OLD, OLD + 10 * PAGE)
    assert k.stale == set()


def test_a_gather_of_another_mm_flushes_nothing_here(k):
    other = MmuGather(2)
    k.tlb_flush_pte_range(other, OLD, 10 * PAGE)
    k.tlb_finish_mmu(other)
    assert k.stale == {o(k, 0), o(k, 3), o(k, 9)}
    assert n(k, 0) not in k.stale


def test_arguments_in_the_wrong_order():
    k = kernel("x86_64")
    with pytest.raises(TypeError, match="wants a 64-bit integer"):
        k.tlb_change_page_size(PAGE, k.gather)
