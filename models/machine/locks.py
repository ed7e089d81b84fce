# SPDX-License-Identifier: GPL-2.0-only
"""Page-table locks, rmap locks and the mapping of page tables.

A lock is an int: page-table locks are those of models/tables.py, I_MMAP and ANON_VMA the rmap locks.
"""

from pte_review.models.config import PAGE_SHIFT
from pte_review.models.machine.state import Machine, Pmd, check_word
from pte_review.models.scenario import Scenario
from pte_review.models.tables import LOCKS
from pte_review.models.vma import Vma

I_MMAP = 3
ANON_VMA = 4
RMAP_LOCKS = {I_MMAP: "i_mmap", ANON_VMA: "anon_vma"}
PTLS = frozenset(LOCKS)


def lock_name(scenario: Scenario, lock: int) -> str:
    """What people call a lock: a page-table lock by the first range in a table that it locks."""
    tables = (number for number, table in enumerate(scenario.tables) if table.lock == lock)
    names = (f"{scenario.places.table_name(number)} page table" for number in tables)
    return RMAP_LOCKS.get(lock) or next(names, str(lock))


class Locks(Machine):
    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.all_ptls = frozenset(self.ptls_free)
        self.mapped: list[int] = []  # ptep of entry 0 of each page table mapped, in order
        has = {I_MMAP: self.vma.vm_file, ANON_VMA: self.vma.anon_vma}
        self.rmap_locks = {lock for lock in has if has[lock] and scenario.call.rmap_locked}

    def _name(self, lock: int) -> str:
        return lock_name(self.scenario, lock)

    def _lock(self, name: str, lock: int) -> None:
        check_word(lock)
        self.events.append((name, lock))
        if lock in self.held:
            self.imbalance(f"deadlock: the {self._name(lock)} lock is taken twice")
        if lock in PTLS and not self.rmap_locks.issubset(self.held):
            self.imbalance(f"the {self._name(lock)} lock is taken without the rmap locks, which the caller needs")
        if lock in (I_MMAP, ANON_VMA) and not PTLS.isdisjoint(self.held):
            self.imbalance(f"the {self._name(lock)} lock, which sleeps, is taken under a page-table lock")
        self.held.append(lock)
        self.ptls_free.discard(lock)

    def _unlock(self, name: str, lock: int) -> None:
        check_word(lock)
        self.events.append((name, lock))
        if lock not in self.held:
            self.imbalance(f"the {self._name(lock)} lock is dropped but was not held")
            return
        self.held.remove(lock)
        if lock in self.rmap_locks and not PTLS.isdisjoint(self.held):
            self.imbalance(f"the {self._name(lock)} lock is dropped before the page-table locks")
        if lock in self.all_ptls and lock not in self.held:
            self.ptls_free.add(lock)
        if lock in PTLS and self.stale:
            self.stale_at_unlock |= self.stale

    # -- rmap locks

    def take_rmap_locks(self, vma: Vma) -> None:
        """Keep everybody who walks the rmap of the VMA out: i_mmap (file), then anon_vma."""
        if vma.vm_file:
            self._lock("i_mmap_lock_write", I_MMAP)
        if vma.anon_vma:
            self._lock("anon_vma_lock_write", ANON_VMA)

    def drop_rmap_locks(self, vma: Vma) -> None:
        """take_rmap_locks() in reverse."""
        if vma.anon_vma:
            self._unlock("anon_vma_unlock_write", ANON_VMA)
        if vma.vm_file:
            self._unlock("i_mmap_unlock_write", I_MMAP)

    # -- page tables

    def _map(self, pmd: Pmd, addr: int) -> int:
        if not pmd.maps:
            return 0
        self.mapped.append(pmd.ptep)
        return pmd.ptep + ((addr - pmd.base) >> PAGE_SHIFT)

    def pte_offset_map_lock(self, mm: int, pmd: Pmd, addr: int) -> tuple[int, int]:
        """(ptep, ptl) with the lock held, or (0, 0) where the PMD holds no page table."""
        ptep = self._map(pmd, addr)
        self.events.append(("pte_offset_map_lock", addr, ptep))
        if not ptep:
            return 0, 0
        self._lock("spin_lock", pmd.ptl)
        return ptep, pmd.ptl

    def pte_offset_map_rw_nolock(self, mm: int, pmd: Pmd, addr: int) -> tuple[int, int, int]:
        """(ptep, pmdval, ptl) without the lock taken, or zeros where the PMD holds no page table."""
        ptep = self._map(pmd, addr)
        self.events.append(("pte_offset_map_rw_nolock", addr, ptep))
        return (ptep, pmd.base | 1, pmd.ptl) if ptep else (0, 0, 0)

    def pte_unmap(self, ptep: int) -> None:
        """`ptep` may point at any entry of the table mapped last: what kunmap_local() wants with CONFIG_HIGHPTE."""
        check_word(ptep)
        self.events.append(("pte_unmap", ptep))
        table = ptep & -self.table_size
        if table not in self.mapped:
            self.imbalance("pte_unmap() of a pointer into no page table that is mapped")
            return
        if table != self.mapped[-1]:
            self.imbalance("pte_unmap() of another page table than the one mapped last")
        self.mapped.remove(table)

    def pte_unmap_unlock(self, ptep: int, ptl: int) -> None:
        self._unlock("spin_unlock", ptl)
        self.pte_unmap(ptep)

    def spin_lock(self, ptl: int) -> None:
        self._lock("spin_lock", ptl)

    def spin_lock_nested(self, ptl: int, subclass: int) -> None:
        self._lock("spin_lock_nested", ptl)

    def spin_unlock(self, ptl: int) -> None:
        self._unlock("spin_unlock", ptl)
