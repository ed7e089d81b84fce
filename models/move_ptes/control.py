# SPDX-License-Identifier: GPL-2.0-only
"""struct pagetable_move_control of v6.16: what move_page_tables() hands down to move_ptes()."""

from dataclasses import dataclass

from pte_review.models.scenario import Vma


@dataclass(frozen=True, slots=True)
class PagetableMoveControl:
    """Addresses in bytes. `old` is the VMA that is moved from."""

    old: Vma
    old_addr: int
    new_addr: int
    old_end: int
    need_rmap_locks: bool
