# SPDX-License-Identifier: GPL-2.0-only
"""What the modelled kernel was configured with, and the memory it runs in."""

from dataclasses import dataclass

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT  # bytes; 16K and 64K pages are not modelled
MMAP_MIN_ADDR = 0x1_0000  # CONFIG_DEFAULT_MMAP_MIN_ADDR
ONLY_ON = {
    "mem_soft_dirty": "x86_64",
    "shstk": "x86_64",
    "bbml2_noabort": "arm64",
    "erratum_2645198": "arm64",
}


@dataclass(frozen=True, slots=True)
class Config:
    """Kernel configuration of one run. The defaults are a v6.16 distribution kernel.

    `cont_ptes` and `ptrs_per_pte` are entries: the size of an arm64 contpte block and of a page table.
    """

    mem_soft_dirty: bool = False  # CONFIG_MEM_SOFT_DIRTY; x86_64 only here
    uffd_wp: bool = True  # CONFIG_HAVE_ARCH_USERFAULTFD_WP: the bits
    pte_marker_uffd_wp: bool = True  # CONFIG_PTE_MARKER_UFFD_WP: the markers
    uffd_rwp: bool = False  # CONFIG_USERFAULTFD_RWP, of v7.3
    debug_vm: bool = False  # CONFIG_DEBUG_VM
    page_table_check: bool = False  # CONFIG_PAGE_TABLE_CHECK, enforced
    page_table_check_skips_special: bool = True  # in clear and set, or in neither
    shstk: bool = False  # CPU and kernel with user shadow stacks; x86_64 only
    contpte: bool = True  # CONFIG_ARM64_CONTPTE; nothing on x86_64
    contpte_get_stops_early: bool = False  # commit 093ae7a033cf, v6.17
    contpte_set_guards_invalid: bool = False  # not in v6.16; in 6.12.y as a backport
    own_needs_flush: bool = False  # arm64's own pte_needs_flush(), v6.19; nothing on x86_64
    erratum_2645198: bool = False  # CPU with ARM64_WORKAROUND_2645198; arm64 only
    numa_normal: bool = True  # sysctl numa_balancing has NUMA_BALANCING_NORMAL
    bbml2_noabort: bool = False  # CPU with BBML2 (v7.3: BBML3): contpte_convert() flushes nothing; arm64 only
    cont_ptes: int = 16
    ptrs_per_pte: int = 512
    zero_pfn: int = 1  # page frame of the zero page
    highest_memmap_pfn: int = (1 << 28) - 1  # 1 TiB of memory

    def problem(self, arch: str) -> str | None:
        """What makes this config impossible on `arch`, as 'field: expected ...', or None."""
        for field, only in ONLY_ON.items():
            if getattr(self, field) and arch != only:
                return f"config.{field}: {only} only, got true on {arch}"
        if self.pte_marker_uffd_wp and not self.uffd_wp:
            return "config.pte_marker_uffd_wp: expected false without config.uffd_wp"
        if self.uffd_rwp and not self.uffd_wp:
            return "config.uffd_rwp: expected false without config.uffd_wp"
        for field, least in (("cont_ptes", 2), ("ptrs_per_pte", 2)):
            value = getattr(self, field)
            if value < least or value & (value - 1):
                return f"config.{field}: expected a power of two from {least} up, got {value}"
        if self.ptrs_per_pte > 8192:
            return f"config.ptrs_per_pte: expected at most 8192, got {self.ptrs_per_pte}"
        if self.cont_ptes > self.ptrs_per_pte:
            return f"config.cont_ptes: expected a divisor of ptrs_per_pte {self.ptrs_per_pte}, got {self.cont_ptes}"
        for field in ("zero_pfn", "highest_memmap_pfn"):
            if not 0 <= getattr(self, field) < 1 << 34:
                return f"config.{field}: expected a page frame number below 2**34, got {getattr(self, field)}"
        return None
