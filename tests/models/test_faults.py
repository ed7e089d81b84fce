# SPDX-License-Identifier: GPL-2.0-only
"""What the fault of a store leaves: handle_pte_fault() of mm/memory.c, row by row of what it asks."""

from dataclasses import replace

import pytest

from pte_review.models.faults import stored_to
from pte_review.models.scenario import Folio, Scenario
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, page, scenario, swap

OWN, SHARED_PAGE = Folio(0x200, exclusive=((0, 1),)), Folio(0x200)
FILE = Folio(0x200, anon=False)
UFFD = Vma(uffd=True)
SHARED = Vma(vm_file=True, anon_vma=False)


def met(arch: str, vma: Vma, folio: Folio, **config: bool) -> Scenario:
    return replace(scenario(arch, {}, folios=(folio,), **config), vmas=(vma,))


# flags of the entry, VMA, folio, and flags of what the handler leaves
ROWS = {
    "writable: accessed and dirty": ("W", Vma(), OWN, "WDA"),
    "AnonExclusive: reused (wp_page_reuse)": ("", Vma(), OWN, "WDA"),
    "not AnonExclusive: copied": ("A", Vma(), SHARED_PAGE, "A"),
    "shared: page_mkwrite(), then reused": ("A", SHARED, FILE, "WDA"),
    "private file: copied": ("A", Vma(vm_file=True), FILE, "A"),
    "uffd-wp: userspace is told": ("U", UFFD, OWN, "U"),
    "uffd-wp of a VMA that is not registered any more": ("U", Vma(), OWN, "UWDA"),
    "no VM_WRITE: SIGSEGV": ("A", Vma(write=False), OWN, "A"),
    "a NUMA hint: do_numa_page(), then the store": ("N", Vma(), OWN, "WDA"),
    "a NUMA hint of a shared page": ("N", Vma(), SHARED_PAGE, "A"),
    "a NUMA hint under uffd-wp": ("NU", UFFD, OWN, "UA"),
    "a special entry": ("XA", Vma(), OWN, "XA"),
}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("row", ROWS)
def test_what_a_store_finds(arch, row):
    flags, vma, folio, left = ROWS[row]
    assert stored_to(met(arch, vma, folio), page(arch, 0x200, flags)) == page(arch, 0x200, left)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("what", ["none", "swap", "migration", "marker"])
def test_what_is_not_present_is_left_to_others(arch, what):
    pte = {"none": 0, "swap": swap(arch, 1, 2), "migration": swap(arch, 27, 0x200), "marker": swap(arch, 31, 1)}[what]
    assert stored_to(met(arch, Vma(), OWN), pte) == pte


def test_pte_mkdirty_sets_soft_dirty():
    assert stored_to(met("x86_64", Vma(), OWN, mem_soft_dirty=True), page("x86_64", 0x200)) == page(
        "x86_64", 0x200, "WDAS"
    )


def test_an_ordinary_store_to_a_shadow_stack_is_refused():
    where = met("x86_64", Vma(shadow_stack=True), OWN, shstk=True)
    assert stored_to(where, page("x86_64", 0x200, "A")) == page("x86_64", 0x200, "A")


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("rwp", "left"), [(True, "NU"), (False, "UA")])
def test_what_userfaultfd_rwp_protects_is_no_numa_hint(arch, rwp, left):
    """A kernel before v7.3 has the VMA registered in the mode WP, and PROT_NONE is a NUMA hint there."""
    vma = Vma(uffd=True, uffd_modes=("rwp",))
    assert stored_to(met(arch, vma, OWN, uffd_rwp=rwp), page(arch, 0x200, "NU")) == page(arch, 0x200, left)
