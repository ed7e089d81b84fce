# SPDX-License-Identifier: GPL-2.0-only
"""vm_normal_folio(): which entries have a folio, and which are reported as bad (4.2)."""

import pytest

from pte_review.models.scenario import Folio
from pte_review.models.vma import Vma
from tests.kit.build import ARCHES, kernel, page

FOLIOS = (Folio(0x200, 2), Folio(0x300))
ZERO_PFN = 7


@pytest.fixture(params=ARCHES)
def arch(request):
    return request.param


def lookup(arch, pfn, flags="", **options):
    k = kernel(arch, folios=FOLIOS, zero_pfn=ZERO_PFN, highest_memmap_pfn=0xFFFF, **options)
    folio = k.vm_normal_folio(k.vma, 0x4000_0000, page(arch, pfn, flags))
    assert k.events[0] == ("vm_normal_folio", 0x4000_0000, page(arch, pfn, flags))
    return folio, k.warnings


@pytest.mark.parametrize("flags", ["", "WDA", "U", "N"])
@pytest.mark.parametrize(("pfn", "start"), [(0x200, 0x200), (0x203, 0x200), (0x300, 0x300)])
def test_the_folio_of_the_page(arch, pfn, start, flags):
    folio, warnings = lookup(arch, pfn, flags)
    assert (folio.pfn, warnings) == (start, [])


def test_a_page_without_a_folio_of_its_own_is_order_0(arch):
    assert lookup(arch, 0x204) == (Folio(0x204, 0, anon=False), [])


@pytest.mark.parametrize(
    ("pfn", "flags", "vma", "reported"),
    [
        (ZERO_PFN, "X", Vma(), False),
        (0x200, "X", Vma(pfnmap=True), False),
        (0x200, "X", Vma(mixedmap=True), False),
        (0x200, "X", Vma(), True),
        (0x1_0000, "", Vma(), True),  # above highest_memmap_pfn
        (0x1_0000, "", Vma(pfnmap=True), True),
        (0x1_0000, "X", Vma(pfnmap=True), False),  # special is tested first
    ],
)
def test_no_folio(arch, pfn, flags, vma, reported):
    folio, warnings = lookup(arch, pfn, flags, vma=vma)
    assert folio is None
    assert [warning.startswith("print_bad_pte") for warning in warnings] == [True] * reported


def test_the_highest_page_has_a_struct_page(arch):
    folio, warnings = lookup(arch, 0xFFFF)
    assert (folio.pfn, warnings) == (0xFFFF, [])


@pytest.mark.parametrize("debug_vm", [False, True])
def test_the_zero_page_without_special(arch, debug_vm):
    folio, warnings = lookup(arch, ZERO_PFN, debug_vm=debug_vm)
    assert folio.pfn == ZERO_PFN
    assert len(warnings) == int(debug_vm)  # VM_WARN_ON_ONCE


def test_no_entry_is_read(arch):
    k = kernel(arch, folios=FOLIOS)
    k.vm_normal_folio(k.vma, 0x4000_0000, page(arch, 0x200))
    assert [event[0] for event in k.events] == ["vm_normal_folio"]
