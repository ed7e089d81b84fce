# SPDX-License-Identifier: GPL-2.0-only
"""Clearing and setting entries: the generic primitives of include/linux/pgtable.h, which x86_64 uses as they are.

contpte.py has arm64's. A primitive's contract (kernel-doc of set_ptes() and get_and_clear_full_ptes()) is checked
without leaving raw accesses in the log.
"""

from pte_review.models.machine.endings import TableOverrun
from pte_review.models.machine.folios import Folios
from pte_review.models.machine.gather import Gather
from pte_review.models.machine.locks import Locks
from pte_review.models.machine.numa import Numa
from pte_review.models.machine.page_table_check import PageTableCheck
from pte_review.models.machine.state import FULL, check_word, refuse_entry


class Primitives(Locks, Gather, Folios, Numa, PageTableCheck):
    """The machine with what clears and sets entries."""

    # -- calls of primitives: logged and held to their contracts, whoever carries them out

    def called_on_entry(self, name: str, mm: int, addr: int, ptep: int) -> None:
        """`name` is a primitive that takes an mm, an address and an entry."""
        self.events.append((name, addr, ptep))
        self._check_place(mm, addr, ptep)

    def called_get_and_clear_full_ptes(self, mm: int, addr: int, ptep: int, nr: int, full: int) -> None:
        self.events.append(("get_and_clear_full_ptes", addr, ptep, nr, full))
        self._check_place(mm, addr, ptep)
        self._check_full(full, ptep)
        if nr != 1:
            self._check_clear(ptep, nr)

    def called_set_ptes(self, mm: int, addr: int, ptep: int, pte: int, nr: int) -> None:
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
        self.events.append(("set_ptes", addr, ptep, pte, nr))
        self._check_place(mm, addr, ptep)
        if nr != 1:
            self._check_set(ptep, pte, nr)

    def called_set_pte_at(self, mm: int, addr: int, ptep: int, pte: int) -> None:
        if type(pte) is not int or pte >> 64:
            refuse_entry(pte)
        self.events.append(("set_pte_at", addr, ptep, pte))
        self._check_place(mm, addr, ptep)

    # -- clearing

    def _ptep_get_and_clear(self, ptep: int) -> int:
        pte = self.xchg0(ptep)
        self.page_table_check_pte_clear(pte)
        return pte

    def _get_and_clear_full_ptes(self, ptep: int, nr: int) -> int:
        """Clears `nr` entries in ascending order; dirty and young of all go into the first one's value."""
        if 1 < nr <= self.table_size and not self.page_table_check:
            pte, *others = self.xchg0_block(ptep, nr)
            return self._gather_ad(pte, others)
        pte = self._ptep_get_and_clear(ptep)
        while nr := nr - 1:  # 0 on entry wraps, as the unsigned counter of the C does
            ptep += 1
            tmp_pte = self._ptep_get_and_clear(ptep)
            if self.pte_dirty(tmp_pte):
                pte = self.pte_mkdirty(pte)
            if self.pte_young(tmp_pte):
                pte = self.pte_mkyoung(pte)
        return pte

    def _gather_ad(self, pte: int, others: list[int]) -> int:
        """`pte` made dirty and young if any of `others` is."""
        if any(map(self.pte_dirty, others)):
            pte = self.pte_mkdirty(pte)
        if any(map(self.pte_young, others)):
            pte = self.pte_mkyoung(pte)
        return pte

    def ptep_get_and_clear(self, mm: int, addr: int, ptep: int) -> int:
        self.called_on_entry("ptep_get_and_clear", mm, addr, ptep)
        return self._ptep_get_and_clear(ptep)

    def get_and_clear_full_ptes(self, mm: int, addr: int, ptep: int, nr: int, full: int) -> int:
        """Clear `nr` entries that map consecutive pages of one folio; returns the first, dirty and young merged."""
        self.called_get_and_clear_full_ptes(mm, addr, ptep, nr, full)
        return self._get_and_clear_full_ptes(ptep, nr)

    def get_and_clear_ptes(self, mm: int, addr: int, ptep: int, nr: int) -> int:
        """get_and_clear_full_ptes(..., 0), since v6.17."""
        return self.get_and_clear_full_ptes(mm, addr, ptep, nr, 0)

    def ptep_get_and_clear_full(self, mm: int, addr: int, ptep: int, full: int) -> int:
        self._check_full(full, ptep)
        return self.ptep_get_and_clear(mm, addr, ptep)

    def ptep_clear(self, mm: int, addr: int, ptep: int) -> None:
        """ptep_get_and_clear() without the value."""
        self.ptep_get_and_clear(mm, addr, ptep)

    def pte_next_pfn(self, pte: int) -> int:
        return self.pte_advance_pfn(pte, 1)

    def _check_place(self, mm: int, addr: int, ptep: int) -> None:
        """Architectures flush, align and account by what x86_64 ignores: the mm and the address."""
        if not self.places.is_home(ptep, addr, mm):
            check_word(addr)
            check_word(ptep)
            self.violate("a primitive gets an mm or an address that is not its entry's", ptep)

    def _check_full(self, full: int, ptep: int) -> None:
        """x86_64 clears without an atomic exchange then: accessed and dirty that the CPU sets meanwhile are lost."""
        if full:
            check_word(full)
            self.fact(FULL, ptep)

    def _check_clear(self, ptep: int, nr: int, name: str = "get_and_clear_full_ptes") -> None:
        self.exercised.add("batch")
        first = self._peek(ptep)
        folio = self.scenario.folio_of(self.pte_pfn(first)) if self.pte_present(first) else None
        if nr < 1 or folio is None or self.pte_pfn(first) + nr > folio.end:
            self.violate(f"{name}() wants nr >= 1 present entries of one folio", ptep)
        for i in range(1, nr):
            pte = self._peek(ptep + i)
            if not self.pte_present(pte) or self.pte_pfn(pte) != self.pte_pfn(first) + i:
                self.violate(f"{name}() wants consecutive pages", ptep + i)
                break

    def pte_clear(self, mm: int, addr: int, ptep: int) -> None:
        """A plain store of none: no exchange, and page_table_check is not told."""
        self.called_on_entry("pte_clear", mm, addr, ptep)
        self.store(ptep, 0)

    # -- setting

    def _set_ptes(self, ptep: int, pte: int, nr: int) -> None:
        self.page_table_check_ptes_set(ptep, pte, nr)
        if 1 < nr <= self.table_size:
            ptes = [pte] * nr
            for i in range(1, nr):  # one by one: on x86_64 the direction changes where a value is 0
                ptes[i] = self.pte_advance_pfn(ptes[i - 1], 1)
            self.store_block(ptep, ptes)
            return
        while True:
            self.store(ptep, pte)
            nr -= 1
            if nr == 0:
                break
            ptep += 1
            pte = self.pte_advance_pfn(pte, 1)

    def set_ptes(self, mm: int, addr: int, ptep: int, pte: int, nr: int) -> None:
        """Install `pte` and its nr-1 successors: the PFN advances, every other bit is the first one's."""
        self.called_set_ptes(mm, addr, ptep, pte, nr)
        self._set_ptes(ptep, pte, nr)

    def set_pte_at(self, mm: int, addr: int, ptep: int, pte: int) -> None:
        """set_ptes(..., 1)."""
        self.called_set_pte_at(mm, addr, ptep, pte)
        self._set_ptes(ptep, pte, 1)

    def _check_set(self, ptep: int, pte: int, nr: int, name: str = "set_ptes") -> None:
        self.exercised.add("batch")
        if nr < 1 or not self.pte_present(pte):
            self.violate(f"{name}() wants nr >= 1 and, for more than one, a present entry", ptep)
        for i in range(nr):
            if self.pte_present(self._peek(ptep + i)):
                self.violate(f"{name}() of more than one wants targets that are not present", ptep + i)
                break

    def _peek(self, ptep: int) -> int:
        """The entry without an access: for checks that are ours, not the kernel's."""
        if not 0 <= ptep < len(self.memory) or (pte := self.memory[ptep]) is None:
            raise self.end(TableOverrun(ptep))
        return pte
