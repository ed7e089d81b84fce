# SPDX-License-Identifier: GPL-2.0-only
"""mm/page_table_check.c of v6.16: counts the user mappings of every page, by type.

The kernel BUGs on a mismatch; here that is recorded and the run goes on.
"""

from pte_review.models.arch.word import SWP_DEVICE_WRITE, SWP_MIGRATION_WRITE
from pte_review.models.machine.state import Machine
from pte_review.models.scenario import Scenario

# Device-exclusive entries left swap_cached_writable() when v6.15 made them one type (commit c25465eb7630's series).
SWAP_CACHED_WRITABLE = (SWP_MIGRATION_WRITE, SWP_DEVICE_WRITE)


class PageTableCheck(Machine):
    """The hooks of page_table_check. Does nothing unless the config has it."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.bugs: list[str] = []
        self.map_counts: dict[int, list[int]] = {}  # PFN: [anon_map_count, file_map_count]
        self.page_table_check = scenario.config.page_table_check
        if self.page_table_check:
            for pte in (pte for table in scenario.tables for _, pte in table.entries):
                if self._counted(pte):
                    self._count_of(self.pte_pfn(pte))[0 if self._anon(self.pte_pfn(pte)) else 1] += 1

    def _counted(self, pte: int) -> bool:
        if not self.pte_user_accessible_page(pte) or self.pte_pfn(pte) > self.config.highest_memmap_pfn:
            return False
        # The test for special entries is in clear and set, or in neither: never mixed.
        return not (self.config.page_table_check_skips_special and self.pte_special(pte))

    def _anon(self, pfn: int) -> bool:
        folio = self.scenario.folio_of(pfn)
        return folio is not None and folio.anon

    def _count_of(self, pfn: int) -> list[int]:
        if pfn not in self.map_counts:
            folio = self.scenario.folio_of(pfn)
            elsewhere = int(folio is not None and folio.is_shared(pfn))
            self.map_counts[pfn] = [elsewhere, 0] if self._anon(pfn) else [0, elsewhere]
        return self.map_counts[pfn]

    def _bug(self, what: str, pfn: int) -> None:
        self.bugs.append(f"{what} for pfn {pfn:#x}")
        self.events.append(("page_table_check BUG", pfn))

    def page_table_check_pte_clear(self, pte: int) -> None:
        if not self.page_table_check or not self._counted(pte):
            return
        pfn = self.pte_pfn(pte)
        mine = 0 if self._anon(pfn) else 1
        count = self._count_of(pfn)
        if count[1 - mine]:
            self._bug("mapped as anon and as file", pfn)
        count[mine] -= 1
        if count[mine] < 0:
            self._bug("map count below 0", pfn)

    def page_table_check_ptes_set(self, ptep: int, pte: int, nr: int) -> None:
        """`nr` entries from `ptep` on are about to be `pte` and its successors."""
        if not self.page_table_check:
            return
        if self.pte_present(pte) and self.pte_uffd_wp(pte):
            if self.pte_write(pte):
                self.warn("page_table_check_pte_flags: write and uffd-wp")
        elif self.is_swap_pte(pte) and self.pte_swp_uffd_wp(pte) and self.swp_type(pte) in SWAP_CACHED_WRITABLE:
            self.warn("page_table_check_pte_flags: writable swap entry and uffd-wp")
        self.read_event = "R.page_table_check"
        for i in range(nr):
            self.page_table_check_pte_clear(self._get(ptep + i))
        self.read_event = "R"
        if self._counted(pte):
            for pfn in range(self.pte_pfn(pte), self.pte_pfn(pte) + nr):
                self._set(pfn, self.pte_write(pte))

    def _set(self, pfn: int, writable: bool) -> None:
        mine = 0 if self._anon(pfn) else 1
        count = self._count_of(pfn)
        if count[1 - mine]:
            self._bug("mapped as anon and as file", pfn)
        count[mine] += 1
        if mine == 0 and count[0] > 1 and writable:
            self._bug("anon page mapped writable while mapped elsewhere", pfn)

    def _get(self, ptep: int) -> int:
        """ptep_get() without an event of its own: the read of a debug check."""
        return self.read(ptep)
