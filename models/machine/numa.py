# SPDX-License-Identifier: GPL-2.0-only
"""What NUMA balancing asks before it takes the access from a folio's pages, so that the next access faults.

This CPU is one of node 0. Nodes 0 and 1 have ordinary memory, node 2 and those above it slower memory.
"""

from pte_review.models.machine.state import Machine
from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma

NUMA_NO_NODE = -1
NUMA_BALANCING_NORMAL, NUMA_BALANCING_MEMORY_TIERING = 1, 2
FIRST_SLOW_NODE = 2


class Numa(Machine):
    @property
    def sysctl_numa_balancing_mode(self) -> int:
        return NUMA_BALANCING_NORMAL if self.config.numa_normal else NUMA_BALANCING_MEMORY_TIERING

    def mm_users(self, mm: int) -> int:
        """atomic_read(&mm->mm_users): 1 where the process has one thread."""
        return 1 if self.scenario.call.single_threaded else 2

    def numa_node_id(self) -> int:
        return 0

    def node_is_toptier(self, nid: int) -> bool:
        return nid < FIRST_SLOW_NODE

    def folio_nid(self, folio: Folio) -> int:
        return folio.nid

    def folio_is_zone_device(self, folio: Folio) -> bool:
        return folio.device

    def folio_test_ksm(self, folio: Folio) -> bool:
        return folio.ksm

    def folio_maybe_dma_pinned(self, folio: Folio) -> bool:
        return folio.pinned

    def folio_maybe_mapped_shared(self, folio: Folio) -> bool:
        """Whether more than this mm maps pages of the folio."""
        return bool(folio.shared)

    folio_likely_mapped_shared = folio_maybe_mapped_shared  # its name until v6.14

    def folio_is_file_lru(self, folio: Folio) -> bool:
        """True of file folios. The kernel says no of shmem, and yes of lazily freed anon folios: not modelled."""
        return not folio.anon

    def folio_test_dirty(self, folio: Folio) -> bool:
        return folio.dirty

    def is_cow_mapping(self, vma: Vma) -> bool:
        """Private, and may be written."""
        return not vma.shared and vma.maywrite

    def vma_is_single_threaded_private(self, vma: Vma) -> bool:
        """Since v6.19."""
        return not vma.shared and self.mm_users(vma.vm_mm) == 1

    def folio_use_access_time(self, folio: Folio) -> bool:
        """Memory tiering keeps the time of the last access in folios of slow nodes; it is not modelled further."""
        return not self.config.numa_normal and not self.node_is_toptier(folio.nid)

    def folio_can_map_prot_numa(self, folio: Folio | None, vma: Vma, is_private_single_threaded: bool) -> bool:
        """mm/mempolicy.c, since v6.19. Until v6.18 a pinned folio counted in a copy-on-write mapping only."""
        if not folio or self.folio_is_zone_device(folio) or self.folio_test_ksm(folio):
            return False
        if self.is_cow_mapping(vma) and self.folio_maybe_mapped_shared(folio):
            return False
        if self.folio_maybe_dma_pinned(folio):
            return False
        if self.folio_is_file_lru(folio) and self.folio_test_dirty(folio):
            return False
        nid = self.folio_nid(folio)
        if is_private_single_threaded and nid == self.numa_node_id():
            return False
        return bool(self.sysctl_numa_balancing_mode & NUMA_BALANCING_NORMAL) or not self.node_is_toptier(nid)
