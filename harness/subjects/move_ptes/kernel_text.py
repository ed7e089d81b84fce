# SPDX-License-Identifier: GPL-2.0-only
"""How the C of move_ptes() is called, in each signature that it has had: v6.12's, and v6.16's with a control struct."""

from pte_review.models.move_ptes.call import MoveCall
from pte_review.models.native.binding import Binding
from pte_review.models.scenario import Scenario

OLD_ADDR, NEW_ADDR, EXTENT = "pr_range_start(0)", "pr_range_start(1)", "pr_range_bytes(0)"
NEED_RMAP_LOCKS = "pr->call[0]"
ARGUMENTS = {
    "vma": "pr_range_vma(0)",
    "old_vma": "pr_range_vma(0)",
    "new_vma": "pr_range_vma(1)",
    "mm": "pr_range_mm(0)",
    "old_pmd": "pr_range_pmd(0)",
    "new_pmd": "pr_range_pmd(1)",
    "old_addr": OLD_ADDR,
    "new_addr": NEW_ADDR,
    "old_end": f"{OLD_ADDR} + {EXTENT}",
    "new_end": f"{NEW_ADDR} + {EXTENT}",
    "extent": EXTENT,
    "len": EXTENT,
    "need_rmap_locks": NEED_RMAP_LOCKS,
    "pmc": "&pmc",
}
FIELDS = {
    "old": "pr_range_vma(0)",
    "new": "pr_range_vma(1)",
    "old_addr": OLD_ADDR,
    "new_addr": NEW_ADDR,
    "old_end": ARGUMENTS["old_end"],
    "need_rmap_locks": NEED_RMAP_LOCKS,
    "new_len": EXTENT,
    "old_len": EXTENT,
}


def _words(scenario: Scenario) -> tuple[int, ...]:
    assert isinstance(scenario.call, MoveCall)
    return (scenario.call.need_rmap_locks,)


BINDING = Binding(
    function="move_ptes",
    file="mm/mremap.c",
    arguments=ARGUMENTS,
    structs={"pagetable_move_control": FIELDS},
    instances={"pagetable_move_control": "pmc"},
    places=frozenset({"old", "new", "old_addr", "new_addr", "old_end", "new_len", "old_len"}),
    words=_words,
)
