# SPDX-License-Identifier: GPL-2.0-only
"""What the studies run on of change_pte_range()."""

from collections.abc import Sequence
from typing import Any

from pte_review.harness.subjects.change_pte_range.history import BUGS
from pte_review.harness.subjects.change_pte_range.subject import CHANGE_PTE_RANGE
from pte_review.models.change_pte_range.call import protect
from pte_review.models.config import Config
from pte_review.models.scenario import Folio, Scenario, page_ranges
from tests.kit.study import PFN, Plain, Study
from tests.subjects.change_pte_range.calls import BASE, READ_ONLY


def plain_protect(arch: str, entries: Sequence[Any], exclusive: Any, config: Config) -> Scenario:
    """mprotect() of `entries` from reading to reading and writing; bit i of `exclusive`: page i is AnonExclusive."""
    size = len(entries)
    pages = {i for i in range(size) if exclusive // 2**i % 2 == 1}
    return protect(
        arch,
        addr=BASE,
        nr=size,
        entries=tuple((i, pte) for i, pte in enumerate(entries) if pte),
        folios=(Folio(PFN, size.bit_length() - 1, exclusive=page_ranges(pages)),),
        vma=READ_ONLY,
        config=config,
    )


STUDY = Study(
    CHANGE_PTE_RANGE,
    mutated=("mprotect/before_batching", "mprotect/batching"),
    right=(
        "mprotect/before_batching",
        "mprotect/batching",
        "mprotect/v6_19",
        "mprotect/small_folios",
        "mprotect/v7_3",
    ),
    plain=Plain(
        plain_protect,
        beside=lambda entries: 1 << entries,
        bugs=tuple(bug for bug in BUGS if bug.version == "as_merged"),
        controls=(("batching", "right but for shadow stacks"),),
        unseen=frozenset({"stale-tlb"}),
    ),
    exact=(("mprotect/v6_19", "mprotect/small_folios"), ("mprotect/small_folios", "mprotect/v7_3")),
)
