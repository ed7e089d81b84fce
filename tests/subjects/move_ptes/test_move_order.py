# SPDX-License-Identifier: GPL-2.0-only
"""The rest of move_ptes(): order of operations, locks, -EAGAIN, the flush (6). Every version keeps it.

But for three of history: two flush late, one knows nothing of uffd-wp.
"""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, NEW, OLD, calls, move, page, pages, scenario, swap
from tests.kit.fidelity import plain
from tests.kit.moves import as_move, names

FOLIO = (Folio(0x200, 4),)
BOTH = Vma(vm_file=True, anon_vma=True)
RAW = ("R", "X", "S", "ptep_get", "vm_normal_folio")
PRIMITIVES = (
    "get_and_clear_full_ptes", "ptep_get_and_clear", "set_ptes", "set_pte_at",
    "folio_pte_batch", "folio_pte_batch_flags", "pte_batch_hint",
)  # fmt: skip
ORDER = [
    ("i_mmap_lock_write", 3),
    ("anon_vma_lock_write", 4),
    ("pte_offset_map_lock", OLD + 0x5000, 512 + 5),
    ("spin_lock", 1),
    ("pte_offset_map_rw_nolock", NEW + 0x7000, 1536 + 7),
    ("spin_lock_nested", 2),
    ("flush_tlb_batched_pending",),
    ("arch_enter_lazy_mmu_mode",),
    ("arch_leave_lazy_mmu_mode",),
    ("flush_tlb_range", OLD + 0x5000, OLD + 0x8000),
    ("T", OLD + 0x5000, OLD + 0x8000),
    ("spin_unlock", 2),
    ("pte_unmap", 1536 + 9),  # ptr - 1
    ("spin_unlock", 1),
    ("pte_unmap", 512 + 7),
    ("anon_vma_unlock_write", 4),
    ("i_mmap_unlock_write", 3),
]
FLUSH = ORDER[9:11]
LATE = {  # the flush, where it was: dirty entries under the old lock alone; the caller's, behind everything
    "before_flush_under_ptl": [*ORDER[:9], *ORDER[11:13], *FLUSH, *ORDER[13:]],
    "before_dirty_recheck": [*ORDER[:9], *ORDER[11:13], *FLUSH, *ORDER[13:]],
    "before_dirty_flush": [*ORDER[:9], *ORDER[11:], *FLUSH],
}

pytestmark = pytest.mark.parametrize("version", names())


def frame(outcome):
    return [event for event in map(plain, outcome.events) if event[0] not in RAW + PRIMITIVES]


def ordered(arch, **options):
    entries = pages(arch, 5, 0x205, ["WDA"] * 3)
    return scenario(arch, entries, at=(5, 7, 3), folios=FOLIO, vma=BOTH, **options)


@pytest.mark.parametrize("arch", ARCHES)
def test_order(version, arch):
    outcome = move(version, ordered(arch, need_rmap_locks=True))
    assert frame(outcome) == LATE.get(version, ORDER)
    assert (outcome.returned, outcome.held, outcome.lazy_mmu, outcome.imbalances) == (0, (), 0, ())
    assert outcome.violations == ()
    assert outcome.stale == (tuple(512 + i for i in (5, 6, 7)) if version in LATE else ())


def test_without_rmap_locks(version):
    outcome = move(version, ordered("x86_64"))
    assert frame(outcome) == [event for event in LATE.get(version, ORDER) if event not in ORDER[:2] + ORDER[-2:]]


def test_the_loop_lies_between_enter_and_leave_of_lazy_mmu_mode(version):
    events = [event[0] for event in map(plain, move(version, ordered("arm64")).events)]
    enter, leave = events.index("arch_enter_lazy_mmu_mode"), events.index("arch_leave_lazy_mmu_mode")
    raw = [i for i, name in enumerate(events) if name in RAW + PRIMITIVES]
    assert raw
    assert enter < min(raw) <= max(raw) < leave


@pytest.mark.parametrize("options", [{"split_ptlocks": False}, {"new_addr": OLD + 0x10_0000}])
def test_one_lock(version, options):
    outcome = move(version, scenario("x86_64", {0: page("x86_64", 0x200)}, folios=FOLIO, **options))
    assert (calls(outcome, "spin_lock"), calls(outcome, "spin_lock_nested"), calls(outcome, "spin_unlock")) == (1, 0, 1)
    assert (outcome.returned, outcome.imbalances) == (0, ())


@pytest.mark.parametrize("rmap", [False, True])
@pytest.mark.parametrize(("old_maps", "new_maps"), [(False, True), (True, False), (False, False)])
@pytest.mark.parametrize("arch", ARCHES)
def test_eagain(version, arch, old_maps, new_maps, rmap):
    what = ordered(arch, old_maps=old_maps, new_maps=new_maps, need_rmap_locks=rmap)
    outcome = move(version, what)
    assert outcome.returned == -11
    taken = [*ORDER[:2]] if rmap else []
    dropped = [*ORDER[-2:]] if rmap else []
    if old_maps:
        body = [*ORDER[2:4], ("pte_offset_map_rw_nolock", NEW + 0x7000, 0), ("spin_unlock", 1), ("pte_unmap", 512 + 5)]
    else:
        body = [("pte_offset_map_lock", OLD + 0x5000, 0)]
    assert list(outcome.events) == [*taken, *body, *dropped]  # nothing is read or changed
    assert dict(enumerate(outcome.tables[0])) == dict.fromkeys(range(512), 0) | dict(as_move(what).old_table)
    assert (outcome.held, outcome.imbalances) == ((), ())


@pytest.mark.parametrize(
    ("entries", "flushes"),
    [
        ({}, 0),
        ({1: "W"}, 1),  # whole extent for one entry
        ({1: "N"}, 1),  # PROT_NONE is present
        ({0: "swap"}, 0),
        ({0: "W", 2: "swap"}, 1),
    ],
)
@pytest.mark.parametrize("arch", ARCHES)
def test_force_flush(version, arch, entries, flushes):
    words = {i: swap(arch, 3, 8) if what == "swap" else page(arch, 0x200 + i, what) for i, what in entries.items()}
    outcome = move(version, scenario(arch, words, at=(0, 0, 3), folios=FOLIO))
    assert [event for event in outcome.events if event[0] == "flush_tlb_range"] == [
        ("flush_tlb_range", OLD, OLD + 0x3000)
    ] * (1 if version in LATE else flushes)  # the caller's flush asks nothing
    valid = tuple(512 + i for i, what in entries.items() if what == "W")
    assert outcome.stale == (valid if version in LATE else ())


@pytest.mark.parametrize(("uffd", "event_remap", "cleared"), [(0, 0, False), (1, 0, True), (1, 1, False)])
@pytest.mark.parametrize("arch", ARCHES)
def test_need_clear_uffd_wp(version, arch, uffd, event_remap, cleared):
    """6.1: any userfaultfd context without UFFD_FEATURE_EVENT_REMAP."""
    cleared = cleared and version != "before_uffd_wp_clear"
    vma = Vma(uffd=bool(uffd), uffd_event_remap=bool(event_remap))
    outcome = move(version, scenario(arch, {0: page(arch, 0x200, "UA")}, folios=FOLIO, vma=vma))
    assert outcome.tables[1][0] == page(arch, 0x200, "A" if cleared else "UA")
