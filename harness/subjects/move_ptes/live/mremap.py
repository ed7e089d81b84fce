# SPDX-License-Identifier: GPL-2.0-only
"""mremap() as the system call of a reproducer."""

from pathlib import Path

from pte_review.harness.live.reproduce.area import REAL_TABLE, TABLE_AT, Area, NotBuilt
from pte_review.harness.live.reproduce.call import SystemCall
from pte_review.models.config import PAGE_SHIFT
from pte_review.models.move_ptes.call import move_arguments

FILE = Path(__file__).parent / "mremap.c"
APART = 1 << 30  # bytes between the two tables


class MremapCaller:
    """One mremap() that moves the old range to the new one, entry by entry."""

    asks_exclusive = False

    def __call__(self, area: Area, *, keeps_source: bool, beside: int | None) -> SystemCall:
        scenario = area.scenario
        old, new = scenario.ranges
        arguments = move_arguments(scenario)
        if not arguments["old_maps"] or not arguments["new_maps"]:
            raise NotBuilt("a page table goes away meanwhile, which no system call can time")
        if old.nr == REAL_TABLE:
            raise NotBuilt("mremap() moves a whole page table without move_ptes()")
        if new.table:
            higher = scenario.tables[1].base > scenario.tables[0].base
            table, first = TABLE_AT + (APART if higher else -APART), new.first
        else:
            table, first = TABLE_AT, new.first + area.shift
            if first < area.start + area.size and area.start < first + new.nr and keeps_source:
                raise NotBuilt("the new range lies between mapped pages of the old table")
        flags = "MREMAP_MAYMOVE" + (" | MREMAP_DONTUNMAP" if keeps_source else "")
        address = f"after(FIRST + {beside - new.first})" if beside is not None else ""
        return SystemCall(
            files=(FILE,),
            lines=(f"move({flags});",),
            constants={"NEW": f"((char *){table + (first << PAGE_SHIFT):#x})"},
            beside=address,
        )
