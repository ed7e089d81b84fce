# SPDX-License-Identifier: GPL-2.0-only
"""Named scenarios whose cost is worth knowing. Each scales by the entries that move, from 1 to a whole table.

Every present page is writable, dirty and accessed, as memset() leaves it; on arm64 every block that the kernel would
have folded is CONT. The destination is empty.
"""

from collections.abc import Callable

from pte_review.harness.costs.workload import Workload
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.config import PAGE_SHIFT, PAGE_SIZE, Config
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma

OLD_BASE = 0x7F00_0000_0000
FIRST_PFN = 0x10000
ANON = Vma()


def _page(w: PteWords, pfn: int) -> int:
    return w.pte_mkyoung(w.pte_mkdirty(w.pte_mkwrite(w.pfn_pte(pfn, w.PROT_USER), ANON)))


def _folios(
    order: int, *, lead: int = 0, shift: int = 0, adjacent: bool = True
) -> Callable[[str, Config, int], Scenario]:
    """Folios of `order`, the range starting `lead` entries into the first, the destination `shift` pages off congruent.

    Whole folios are mapped, also where the range ends inside one. With `adjacent` false every PFN stands alone.
    """

    def build(arch: str, config: Config, size: int) -> Scenario:
        w, pages, p = words(arch, config), 1 << order, config.ptrs_per_pte
        first = min(lead, p - size)
        mapped = min(-(-(first + size) // pages) * pages, p)
        step = 1 if adjacent else 2
        ptes = [_page(w, FIRST_PFN + i * step) for i in range(mapped)]
        block = config.cont_ptes
        if arch == "arm64" and config.contpte and pages >= block:
            whole = mapped & -block
            ptes[:whole] = [pte | w.CONT for pte in ptes[:whole]]
        folios = tuple(Folio(FIRST_PFN + i * step, order, exclusive=((0, pages),)) for i in range(0, mapped, pages))
        new_index = min(first + shift, p - size)
        return _moving(arch, config, tuple(enumerate(ptes)), folios, first, new_index, size)

    return build


def _moving(
    arch: str,
    config: Config,
    table: tuple[tuple[int, int], ...],
    folios: tuple[Folio, ...],
    first: int,
    new_index: int,
    size: int,
) -> Scenario:
    whole_table = size == config.ptrs_per_pte  # without a userfaultfd move_normal_pmd() would have moved it
    return move(
        arch,
        old_addr=OLD_BASE + (first << PAGE_SHIFT),
        new_addr=OLD_BASE + (config.ptrs_per_pte << PAGE_SHIFT) + (new_index << PAGE_SHIFT),
        extent=size * PAGE_SIZE,
        old_table=table,
        folios=folios,
        config=config,
        vma=Vma(uffd=whole_table),
    )


def _sparse(arch: str, config: Config, size: int) -> Scenario:
    """One page in eight."""
    w = words(arch, config)
    table = tuple((i, _page(w, FIRST_PFN + 2 * i)) for i in range(0, size, 8))
    folios = tuple(Folio(FIRST_PFN + 2 * i, exclusive=((0, 1),)) for i in range(0, size, 8))
    return _moving(arch, config, table, folios, 0, 0, size)


def _swapped(arch: str, config: Config, size: int) -> Scenario:
    """Swap entries, one present page in four."""
    w = words(arch, config)
    table, folios = [], []
    for i in range(size):
        if i % 4 == 3:
            table.append((i, _page(w, FIRST_PFN + i)))
            folios.append(Folio(FIRST_PFN + i, exclusive=((0, 1),)))
        else:
            table.append((i, w.swp_entry_to_pte(0, 0x1000 + i)))
    return _moving(arch, config, tuple(table), tuple(folios), 0, 0, size)


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("block", "one 64K folio", 16, _folios(4)),
        Workload("block-misaligned", "one 64K folio, destination one page off", 16, _folios(4, shift=1)),
        Workload("folio-128k", "128K folios: two contpte blocks each", 32, _folios(5)),
        Workload("start-mid-block", "a 64K folio from its middle on", 8, _folios(4, lead=8)),
        Workload("end-mid-block", "the first half of a 64K folio", 8, _folios(4)),
        Workload("first-of-block", "one page of a 64K folio", 1, _folios(4)),
        Workload("order-0", "order-0 pages, PFNs apart", 16, _folios(0, adjacent=False)),
        Workload("split-folio", "a folio split to order 0: PFNs go on", 16, _folios(0)),
        Workload("folio-16k", "16K folios: smaller than a contpte block", 16, _folios(2)),
        Workload("folio-64k", "64K folios", 64, _folios(4)),
        Workload("folio-2m", "a 2M folio mapped by PTEs, as after a page-table split", 64, _folios(9)),
        Workload("partial-ends", "64K folios, the first and the last in part", 40, _folios(4, lead=5)),
        Workload("misaligned", "64K folios, destination one page off", 64, _folios(4, shift=1)),
        Workload("sparse", "one order-0 page in eight, the rest none", 64, _sparse),
        Workload("swap", "swap entries, one present page in four", 64, _swapped),
        Workload("mremap-1m", "the cover letter's benchmark: 1 MiB of 64K folios", 256, _folios(4)),
    )
}
