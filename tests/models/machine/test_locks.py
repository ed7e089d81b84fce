# SPDX-License-Identifier: GPL-2.0-only
"""Locks, mapping of tables, lazy MMU mode (6)."""

import pytest

from pte_review.models.machine.contpte import KernelArm64
from pte_review.models.machine.kernel import KernelX86_64
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import NEW, OLD, n, o, scenario
from tests.kit.moves import as_move

FOLIO = (Folio(0x200, 5),)


def machine(arch="x86_64", old=None, new=None, **options):
    cls = KernelX86_64 if arch == "x86_64" else KernelArm64
    return cls(scenario(arch, old or {}, new, folios=FOLIO, **options))


@pytest.mark.parametrize(
    ("vma", "taken"),
    [  # 6.2: i_mmap (file), then anon_vma; dropped in reverse
        (Vma(vm_file=True, anon_vma=True), ["i_mmap", "anon_vma"]),
        (Vma(vm_file=True, anon_vma=False), ["i_mmap"]),
        (Vma(vm_file=False, anon_vma=True), ["anon_vma"]),
        (Vma(vm_file=False, anon_vma=False), []),
    ],
)
def test_rmap_locks(vma, taken):
    k = machine()
    k.take_rmap_locks(vma)
    assert [event[0] for event in k.events] == [f"{name}_lock_write" for name in taken]
    assert len(k.held) == len(taken)
    k.events.clear()
    k.drop_rmap_locks(vma)
    assert [event[0] for event in k.events] == [f"{name}_unlock_write" for name in reversed(taken)]
    assert (k.held, k.imbalances) == ([], [])


def test_mapping_the_old_table_takes_its_lock():
    k = machine()
    assert k.pte_offset_map_lock(1, k.pmds[0], OLD + 0x5000) == (o(k, 5), 1)
    assert k.held == [1]
    assert [event[0] for event in k.events] == ["pte_offset_map_lock", "spin_lock"]


def test_mapping_the_new_table_takes_none():
    k = machine()
    ptep, pmdval, ptl = k.pte_offset_map_rw_nolock(1, k.pmds[-1], NEW + 0x5000)
    assert (ptep, ptl, k.held) == (n(k, 5), 2, [])
    assert pmdval


@pytest.mark.parametrize("options", [{"split_ptlocks": False}, {"new_addr": OLD + 0x10_0000}])
def test_one_lock_for_both_tables(options):
    k = machine(**options)  # 6.4: no split locks, or one table
    assert k.pte_offset_map_rw_nolock(1, k.pmds[-1], as_move(k.scenario).new_addr)[2] == k.pmds[0].ptl


def test_tables_that_do_not_map():
    k = machine(old_maps=False, new_maps=False)
    assert k.pte_offset_map_lock(1, k.pmds[0], OLD) == (0, 0)
    assert k.pte_offset_map_rw_nolock(1, k.pmds[-1], NEW) == (0, 0, 0)
    assert k.held == []


def test_unmap_and_unlock():
    k = machine()
    ptep, ptl = k.pte_offset_map_lock(1, k.pmds[0], OLD)
    k.events.clear()
    k.pte_unmap_unlock(ptep, ptl)
    assert k.events == [("spin_unlock", 1), ("pte_unmap", ptep)]
    assert (k.held, k.imbalances) == ([], [])


IMBALANCES = {
    "taken twice": ("spin_lock 1", "spin_lock_nested 1"),
    "not held": ("spin_unlock 2",),
    "dropped twice": ("spin_lock 1", "spin_unlock 1", "spin_unlock 1"),
    "lazy twice": ("arch_enter_lazy_mmu_mode", "arch_enter_lazy_mmu_mode"),
    "lazy left": ("arch_leave_lazy_mmu_mode",),
}


@pytest.mark.parametrize("steps", IMBALANCES.values(), ids=IMBALANCES)
def test_imbalance(steps):
    k = machine()
    for step in steps:
        name, *lock = step.split()
        args = [int(lock[0]), 1] if name == "spin_lock_nested" else map(int, lock)
        getattr(k, name)(*args)
    assert len(k.imbalances) == 1
    assert k.events[-1] == ("imbalance", 0)


def test_balance():
    k = machine()
    k.spin_lock(1)
    k.spin_lock_nested(2, 1)
    k.arch_enter_lazy_mmu_mode()
    k.arch_leave_lazy_mmu_mode()
    k.spin_unlock(2)
    k.spin_unlock(1)
    assert (k.imbalances, k.held, k.lazy_mmu) == ([], [], 0)


@pytest.mark.parametrize(
    ("held", "table", "violated"),
    [((), "o", 1), ((1,), "o", 0), ((1,), "n", 1), ((2,), "n", 0), ((2,), "o", 1), ((1, 2), "n", 0)],
)
@pytest.mark.parametrize("name", ["store", "xchg0"])
def test_an_entry_is_changed_under_its_lock(held, table, violated, name):
    k = machine()
    for lock in held:
        k.spin_lock(lock)
    ptep = o(k, 3) if table == "o" else n(k, 3)
    k.store(ptep, 0x123) if name == "store" else k.xchg0(ptep)
    assert len(k.violations) == violated


@pytest.mark.parametrize(
    ("lock", "name"), [(1, "old page table"), (2, "new page table"), (3, "i_mmap"), (4, "anon_vma"), (9, "9")]
)
def test_an_imbalance_names_the_lock(lock, name):
    k = machine()
    k.spin_unlock(lock)
    k.spin_lock(lock)
    k.spin_lock(lock)
    assert k.imbalances == [
        f"the {name} lock is dropped but was not held",
        f"deadlock: the {name} lock is taken twice",
    ]


UNMAPS = {  # what is mapped, which pointers are unmapped in turn, what is wrong
    "the last first": ("on", ("n5", "o7"), []),
    "one off inside": ("on", ("n0", "o511"), []),
    "the first first": ("on", ("o7", "n5"), ["pte_unmap() of another page table than the one mapped last"]),
    "behind the table": ("n", ("n512", "n511"), ["pte_unmap() of a pointer into no page table that is mapped"]),
    "before the table": ("n", ("n-1", "n0"), ["pte_unmap() of a pointer into no page table that is mapped"]),
    "twice": ("o", ("o1", "o1"), ["pte_unmap() of a pointer into no page table that is mapped"]),
    "never": ("on", ("n5",), []),
}


@pytest.mark.parametrize(("mapped", "unmapped", "wrong"), UNMAPS.values(), ids=UNMAPS)
def test_unmapping(mapped, unmapped, wrong):
    k = machine()
    for table in mapped:
        k.pte_offset_map_rw_nolock(1, k.pmds[0] if table == "o" else k.pmds[-1], OLD if table == "o" else NEW)
    for pointer in unmapped:
        k.pte_unmap((o if pointer[0] == "o" else n)(k, int(pointer[1:])))
    assert k.imbalances == wrong
    assert len(k.mapped) == (1 if unmapped == ("n5",) else 0)


def test_one_table_is_mapped_twice():
    k = machine(new_addr=OLD + 0x10_0000)
    k.pte_offset_map_lock(1, k.pmds[0], OLD)
    k.pte_offset_map_rw_nolock(1, k.pmds[-1], OLD + 0x10_0000)
    k.pte_unmap(o(k, 256))
    k.pte_unmap(o(k, 0))
    assert (k.imbalances, k.mapped) == ([], [])


ORDERS = {  # with a file's anon VMA that needs the rmap locks: what goes wrong, if anything
    "rmap locks around": (("take", "spin_lock 1", "spin_unlock 1", "drop"), ""),
    "none": (("spin_lock 1", "spin_unlock 1"), "old page table lock is taken without the rmap locks"),
    "one of two": (("_lock 3", "spin_lock 2", "spin_unlock 2"), "new page table lock is taken without the rmap locks"),
    "inside": (("spin_lock 1", "take"), "anon_vma lock, which sleeps, is taken under a page-table lock"),
    "dropped early": (("take", "spin_lock 1", "_unlock 4"), "anon_vma lock is dropped before the page-table locks"),
}


@pytest.mark.parametrize(("steps", "wrong"), ORDERS.values(), ids=ORDERS)
def test_rmap_locks_where_the_caller_needs_them(steps, wrong):
    vma = Vma(vm_file=True)
    k = machine(vma=vma, need_rmap_locks=True)
    for step in steps:
        name, *lock = step.split()
        if name in ("take", "drop"):
            getattr(k, f"{name}_rmap_locks")(vma)
        else:
            getattr(k, name)(*(["test"] if name.startswith("_") else []), int(lock[0]))
    assert wrong in " ".join(k.imbalances)
    assert bool(k.imbalances) == bool(wrong)


def test_a_lock_of_the_new_table_lies_anywhere():
    above, below = machine(new_addr=OLD + 0x2000_0000), machine(new_addr=OLD - 0x2000_0000)
    assert above.pmds[-1].ptl > above.pmds[0].ptl
    assert below.pmds[-1].ptl < below.pmds[0].ptl
