# SPDX-License-Identifier: GPL-2.0-only
"""PageAnonExclusive() of kernel text and of ports: what the scenario says of each page."""

import pytest

from pte_review.models.machine.fresh import fresh_kernel
from pte_review.models.scenario import Folio
from tests.kit.build import ARCHES, page, pages, scenario

LOOP = "\t\tnr = 1;\n\t\tmost ="
ASK = "\t\tif (PageAnonExclusive(pfn_to_page(pte_pfn(ptep_get(src))))) ret |= 1 << (pte_pfn(ptep_get(src)) & 15);\n"
FOLIOS = (Folio(0x200, 3, True, ((1, 3), (5, 6))), Folio(0x208, 0, True, ((0, 1),)), Folio(0x209, 0, False))


@pytest.mark.parametrize("arch", ARCHES)
def test_of_each_page(ran, arch):
    s = scenario(arch, pages(arch, 0, 0x200, [""] * 10), at=(0, 0, 10), folios=FOLIOS)
    exclusive = {1, 2, 5, 8}
    assert ran(s, {LOOP: ASK + LOOP}).returned == sum(1 << number for number in exclusive)
    k = fresh_kernel(s)
    assert {number for number in range(10) if k.PageAnonExclusive(0x200 + number)} == exclusive


def test_of_a_page_in_no_folio(ran):
    s = scenario("x86_64", {0: page("x86_64", 0x300)}, folios=FOLIOS)
    assert ran(s, {LOOP: ASK + LOOP}).returned == 0
