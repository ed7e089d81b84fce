# SPDX-License-Identifier: GPL-2.0-only
"""What the studies run on of move_ptes()."""

from collections.abc import Sequence
from typing import Any

from pte_review.harness.subjects.move_ptes.history import BUGS
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES
from pte_review.models.config import PAGE_SHIFT, Config
from pte_review.models.move_ptes.call import move
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import NEW, OLD
from tests.kit.study import PFN, Plain, Study


def plain_move(arch: str, entries: Sequence[Any], uffd: Any, config: Config) -> Scenario:
    """All of `entries` moved, in a VMA with or without a userfaultfd."""
    size = len(entries)
    return move(
        arch,
        old_addr=OLD,
        new_addr=NEW,
        extent=size << PAGE_SHIFT,
        old_table=tuple((i, pte) for i, pte in enumerate(entries) if pte),
        folios=(Folio(PFN, size.bit_length() - 1, exclusive=((0, size),)),),
        vma=Vma(uffd=uffd % 2 == 1),
        config=config,
    )


STUDY = Study(
    MOVE_PTES,
    mutated=("pre_patch", "v4_respect_write", "refactor_intended"),
    right=("pre_patch", "v4_fixed", "v7_3"),
    plain=Plain(
        plain_move,
        beside=lambda _: 2,
        bugs=BUGS,
        controls=(  # the second batches on x86_64 as well
            ("v4_fixed", "no bug, any difference is a false alarm"),
            ("v4_respect_write", "differs on shadow stacks and in invalid CONT"),
        ),
        unseen=frozenset({"stale-tlb", "dirty-lost", "warning-extra"}),
    ),
    rules=("destination-occupied",),
    exact=(("v4_fixed", "v7_3"),),
)
