# SPDX-License-Identifier: GPL-2.0-only
"""folio_can_map_prot_numa() of mm/mempolicy.c, and what it asks (3.6)."""

from dataclasses import replace

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import kernel

PRIVATE, SHARED = Vma(), Vma(vm_file=True, anon_vma=False)
READ_ONLY_FILE = Vma(vm_file=True, anon_vma=False, write=False, maywrite=False)
AWAY = Folio(0x200, nid=1)


@pytest.mark.parametrize(
    ("vma", "folio", "single", "takes"),
    [
        (PRIVATE, None, False, False),
        (PRIVATE, AWAY, False, True),
        (PRIVATE, AWAY, True, True),
        (PRIVATE, replace(AWAY, nid=0), False, True),
        (PRIVATE, replace(AWAY, nid=0), True, False),  # on the node where the one thread runs
        (PRIVATE, replace(AWAY, device=True), False, False),
        (PRIVATE, replace(AWAY, ksm=True), False, False),
        (PRIVATE, replace(AWAY, shared=((0, 1),)), False, False),
        (SHARED, replace(AWAY, anon=False, shared=((0, 1),)), False, True),  # not copy-on-write
        (PRIVATE, replace(AWAY, pinned=True), False, False),
        (SHARED, replace(AWAY, anon=False, pinned=True), False, False),  # v6.19: whatever the mapping
        (SHARED, replace(AWAY, anon=False, dirty=True), False, False),
        (PRIVATE, replace(AWAY, dirty=True), False, True),  # not a file's
    ],
)
def test_which_folios_get_a_hint(vma, folio, single, takes):
    assert kernel("x86_64").folio_can_map_prot_numa(folio, vma, single) is takes


@pytest.mark.parametrize(("nid", "takes"), [(0, False), (1, False), (2, True), (3, True)])
def test_memory_tiering_alone_leaves_the_top_tier(nid, takes):
    k = kernel("x86_64", numa_normal=False)
    assert k.folio_can_map_prot_numa(replace(AWAY, nid=nid), PRIVATE, False) is takes
    assert k.folio_use_access_time(replace(AWAY, nid=nid)) is takes
    assert kernel("x86_64").folio_use_access_time(AWAY) is False


def test_the_vma():
    k = kernel("x86_64")
    assert [k.is_cow_mapping(vma) for vma in (PRIVATE, SHARED, READ_ONLY_FILE)] == [True, False, False]
    # The machine's process has more than one thread unless its call says otherwise.
    assert (k.mm_users(1), k.vma_is_single_threaded_private(PRIVATE)) == (2, False)
