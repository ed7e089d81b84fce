# SPDX-License-Identifier: GPL-2.0-only
"""Named scenarios whose cost is worth knowing. Each scales with the entries that change, from 1 to a whole table.

memset() has written private anonymous memory, and mprotect() makes it read-only or writable again. On arm64 every block
that the kernel would have folded is CONT.
"""

from collections.abc import Callable

from pte_review.harness.costs.workload import Workload
from pte_review.models.arch import words
from pte_review.models.arch.word import PteWords
from pte_review.models.change_pte_range.call import protect
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma

BASE = 0x7F00_0000_0000
FIRST_PFN = 0x10000
WRITTEN, READ_ONLY = Vma(), Vma(write=False)


def _page(w: PteWords, pfn: int, *, write: bool) -> int:
    pte = w.pte_mkyoung(w.pte_mkdirty(w.pfn_pte(pfn, w.entry_prot(WRITTEN))))
    return w.pte_mkwrite(pte, WRITTEN) if write else pte


def _folios(
    order: int, *, write: bool, lead: int = 0, adjacent: bool = True, exclusive: int = 1
) -> Callable[[str, Config, int], Scenario]:
    """Folios of `order`, written and made read-only (`write`), or read-only and made writable again.

    The range starts `lead` entries into the first. Every `exclusive`-th page is AnonExclusive. With `adjacent` false
    every PFN stands alone.
    """

    def build(arch: str, config: Config, size: int) -> Scenario:
        w, pages, p = words(arch, config), 1 << order, config.ptrs_per_pte
        first = min(lead, p - size)
        mapped = min(-(-(first + size) // pages) * pages, p)
        step = 1 if adjacent else 2
        ptes = [_page(w, FIRST_PFN + i * step, write=write) for i in range(mapped)]
        if arch == "arm64" and config.contpte and pages >= config.cont_ptes:
            whole = mapped & -config.cont_ptes
            ptes[:whole] = [pte | w.CONT for pte in ptes[:whole]]
        own = tuple((i, i + 1) for i in range(0, pages, exclusive)) if exclusive > 1 else ((0, pages),)
        return protect(
            arch,
            addr=BASE + (first << PAGE_SHIFT),
            nr=size,
            entries=tuple(enumerate(ptes)),
            folios=[Folio(FIRST_PFN + i * step, order, exclusive=own) for i in range(0, mapped, pages)],
            vma=WRITTEN if write else READ_ONLY,
            config=config,
            protection="r" if write else "rw",
        )

    return build


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("block", "one 64K folio made read-only", 16, _folios(4, write=True)),
        Workload("block-writable", "one 64K folio made writable again", 16, _folios(4, write=False)),
        Workload("block-shared", "the same, every other page AnonExclusive", 16, _folios(4, write=False, exclusive=2)),
        Workload(
            "start-mid-block", "a 64K folio from its middle on, made read-only", 8, _folios(4, write=True, lead=8)
        ),
        Workload("end-mid-block", "the first half of a 64K folio, made read-only", 8, _folios(4, write=True)),
        Workload("order-0", "order-0 pages made read-only", 16, _folios(0, write=True, adjacent=False)),
        Workload("order-0-writable", "order-0 pages made writable again", 16, _folios(0, write=False, adjacent=False)),
        Workload("folio-16k", "16K folios made read-only: smaller than a contpte block", 16, _folios(2, write=True)),
        Workload("folio-64k", "64K folios made read-only", 64, _folios(4, write=True)),
        Workload("folio-2m", "a 2M folio mapped by PTEs, made read-only", 64, _folios(9, write=True)),
    )
}
