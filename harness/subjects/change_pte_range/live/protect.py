# SPDX-License-Identifier: GPL-2.0-only
"""mprotect() and UFFDIO_WRITEPROTECT as the system call of a reproducer."""

from pathlib import Path

from pte_review.harness.live.reproduce.area import Area, NotBuilt
from pte_review.harness.live.reproduce.call import SystemCall
from pte_review.harness.live.reproduce.steps import protection_of
from pte_review.models.change_pte_range.call import MPROTECT, NUMA, UFFD_PROTECT, ProtectCall

FILE = Path(__file__).parent / "protect.c"


class ProtectCaller:
    """One call on the pages of the range."""

    asks_exclusive = True

    def __call__(self, area: Area, *, keeps_source: bool, beside: int | None) -> SystemCall:
        call = area.scenario.call
        assert isinstance(call, ProtectCall)
        if keeps_source or beside is not None:
            raise NotBuilt("this kind needs a second range, and a change of protection has one")
        if not area.scenario.tables[0].maps:
            raise NotBuilt("the page table goes away meanwhile, which no system call can time")
        if call.caller == NUMA:
            raise NotBuilt("NUMA balancing scans by itself, and nobody can ask it to")
        vma = call.seen(area.vma)
        lines = {
            MPROTECT: f"protect(page(FIRST), MOVED, {protection_of(vma)});",
            UFFD_PROTECT: "write_protect(FIRST, MOVED);",
        }
        return SystemCall(files=(FILE,), lines=(lines.get(call.caller, "resolve(FIRST, MOVED);"),), vma=vma)
